import { CheckCircleFilled, WarningFilled } from "@ant-design/icons";
import { lazy, Suspense } from "react";
import type { Column, Json, Tile } from "../../api/types";
import { useLanguage } from "../../i18n/language";
import { Splash } from "../../widgets/Splash";
import { Table } from "../list/Table";
import { Funnel } from "./Funnel";
import { Heat } from "./Heat";

const Chart = lazy(() => import("../../charts/Chart"));

interface Props {
  tile: Tile;
  asTable: boolean;
  onPoint: (point: Json, name: string) => void;
  onAll: () => void;
}

/** What a tile shows, by its kind; anything that came without numbers says so. */
export function TileBody({ tile, asTable, onPoint, onAll }: Props) {
  const { t } = useLanguage();
  const facts = tile.data ?? {};
  const points = facts.points ?? [];
  const none = <p className="tile-none">{t("dash.noNumbers")}</p>;

  if (tile.error) {
    const said = typeof tile.error === "string" ? tile.error : (tile.error.detail ?? tile.error.message ?? tile.error.title ?? "");
    if (tile.counting) return <p className="tile-none" role="status"><span className="splash-bar tile-bar" aria-hidden />{said}</p>;
    return <p className="tile-none">{t("dash.tileBroken")}{said && <><br /><span className="small">{said}</span></>}</p>;
  }
  if (facts.items) {
    const columns = (facts.columns ?? []).map((column): Column => ({ key: column.key ?? column.label, label: column.label, type: column.type ?? "text" }));
    return facts.items.length > 0 ? <Table rows={facts.items} columns={columns} /> : none;
  }
  if (isHeadline(tile)) return <Headline tile={tile} onAll={onAll} />;
  if (facts.cells) return facts.cells.length > 0 ? <Heat facts={facts} label={tile.label} onPoint={onPoint} /> : none;
  if (points.length === 0 && (isEmptyDrawing(tile) || !hasSeries(tile))) return none;
  if (asTable || tile.show === "table") return <Points tile={tile} onPoint={onPoint} />;
  if (tile.show === "funnel") return <Funnel points={points} onPoint={onPoint} />;
  return (
    <Suspense fallback={<Splash inPage />}>
      <Chart label={tile.label} option={tile.option ?? {}} onPoint={onPoint} />
    </Suspense>
  );
}

/** Tiles that are one number: they stand together above the drawings. */
export const isHeadline = (tile: Tile): boolean =>
  tile.show === "number" || (!hasSeries(tile) && !tile.data?.points?.length && !tile.data?.cells && !tile.data?.items);

/** A drawing of nothing: lines and bars without a single point. */
const isEmptyDrawing = (tile: Tile) =>
  hasSeries(tile) && (tile.option?.series as { data?: unknown }[]).every((series) => Array.isArray(series.data) && series.data.length === 0);

const hasSeries = (tile: Tile) => Array.isArray(tile.option?.series) && tile.option.series.length > 0;

/** One number, large, with its target; good and bad are told by sign and word, not by colour alone. */
function Headline({ tile, onAll }: { tile: Tile; onAll: () => void }) {
  const { t } = useLanguage();
  const tone = tile.good === true ? "headline-good" : tile.good === false ? "headline-bad" : "";
  const shown = tile.shown ?? (tile.value === null || tile.value === undefined ? null : String(tile.value));
  return (
    <div className={`headline ${tone}`}>
      {shown === null || shown === "" ? <span className="headline-none">—</span> : <button title={t("dash.records")} onClick={onAll}>{shown}</button>}
      <span className="headline-side">
        {tile.good !== null && tile.good !== undefined && shown !== null && (
          <span className="headline-mark">
            {tile.good ? <CheckCircleFilled aria-hidden /> : <WarningFilled aria-hidden />} {t(tile.good ? "dash.good" : "dash.bad")}
          </span>
        )}
        {tile.target && <span className="quiet">{t("dash.target", { target: tile.target })}</span>}
      </span>
    </div>
  );
}

/** The numbers of a chart as a table. */
function Points({ tile, onPoint }: { tile: Tile; onPoint: (point: Json, name: string) => void }) {
  return (
    <div className="points">
      <table className="table">
        <tbody>
          {(tile.data?.points ?? []).map((point, at) => (
            <tr key={`${point.label}:${at}`}>
              <th scope="row">{point.label}</th>
              <td className="right">
                {point.point === undefined || point.point === null ? point.shown : (
                  <button className="plain-button" onClick={() => onPoint(point.point ?? null, point.label)}>{point.shown || point.value}</button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
