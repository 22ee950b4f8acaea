import { BarChartOutlined, QuestionCircleOutlined, TableOutlined, UnorderedListOutlined } from "@ant-design/icons";
import { Drawer, Popover } from "antd";
import { useState } from "react";
import type { Json, Tile } from "../../api/types";
import { usePhone } from "../../app/theme";
import { useLanguage } from "../../i18n/language";
import { isHeadline, TileBody } from "./TileBody";

interface Props {
  tile: Tile;
  onDrill: (point: Json | undefined, label: string) => void;
}

/** A tile: its name, how its number is computed, the way to its records, and the number itself. */
export function TileFrame({ tile, onDrill }: Props) {
  const { t } = useLanguage();
  const [asTable, setAsTable] = useState(false);
  const drawn = Boolean(tile.option) && (tile.data?.points?.length ?? 0) > 0 && tile.show !== "number" && tile.show !== "table" && !tile.error;
  return (
    <article className="tile">
      <header>
        <h3>{tile.label}</h3>
        {tile.definition && <What tile={tile} />}
        {drawn && (
          <button className="tile-way" aria-pressed={asTable} aria-label={t("say.colon", { a: t(asTable ? "dash.chart" : "dash.table"), b: tile.label })} title={t(asTable ? "dash.chart" : "dash.table")} onClick={() => setAsTable(!asTable)}>
            {asTable ? <BarChartOutlined aria-hidden /> : <TableOutlined aria-hidden />}
          </button>
        )}
        {!tile.error && !isHeadline(tile) && (
          <button className="tile-way" aria-label={t("say.colon", { a: t("dash.records"), b: tile.label })} title={t("dash.records")} onClick={() => onDrill(undefined, "")}>
            <UnorderedListOutlined aria-hidden />
          </button>
        )}
      </header>
      <TileBody tile={tile} asTable={asTable} onPoint={onDrill} onAll={() => onDrill(undefined, "")} />
    </article>
  );
}

/** The way to a number's definition: beside it, or on a phone from below, where it has room. */
function What({ tile }: { tile: Tile }) {
  const { t } = useLanguage();
  const phone = usePhone();
  const [open, setOpen] = useState(false);
  const way = (
    <button className="tile-way" aria-label={t("say.colon", { a: t("dash.what"), b: tile.label })} aria-expanded={open} title={t("dash.what")} onClick={phone ? () => setOpen(true) : undefined}>
      <QuestionCircleOutlined aria-hidden />
    </button>
  );
  if (!phone) return <Popover trigger="click" placement="bottomRight" open={open} onOpenChange={setOpen} title={t("dash.what")} content={<How tile={tile} />}>{way}</Popover>;
  return (
    <>
      {way}
      <Drawer open={open} onClose={() => setOpen(false)} placement="bottom" size="auto" title={tile.label}>
        <How tile={tile} />
      </Drawer>
    </>
  );
}

/** The definition behind a number: in words, as written, and where. */
function How({ tile }: { tile: Tile }) {
  const { t } = useLanguage();
  const { text, yaml, where } = tile.definition ?? {};
  return (
    <div className="how">
      {text && <p>{text}</p>}
      {tile.count !== null && tile.count !== undefined && <p className="quiet">{t("dash.basis", { n: tile.count })}</p>}
      {yaml && (
        <details>
          <summary>{t("dash.written")}</summary>
          <pre>{yaml}</pre>
          {where && <p className="quiet small">{t("dash.where", { where })}</p>}
        </details>
      )}
    </div>
  );
}
