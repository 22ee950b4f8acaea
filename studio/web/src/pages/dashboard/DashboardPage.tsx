import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useParams, useSearchParams } from "react-router";
import { api } from "../../api/client";
import { asRefusal } from "../../api/problem";
import type { Dashboard, Tile } from "../../api/types";
import { LIVE } from "../../app/live";
import { useSay, useSurroundings } from "../../app/session";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { NotFound } from "../../widgets/NotFound";
import { PageHead } from "../../widgets/PageHead";
import { Splash } from "../../widgets/Splash";
import { Drill, type Drilled } from "./Drill";
import { FilterBar } from "./FilterBar";
import { COUNTING, dashboardAsked } from "./period";
import { isHeadline } from "./TileBody";
import { TileFrame } from "./TileFrame";
import "../list/list.css";
import "./dashboard.css";

/** Numbers in layers; every one leads to its definition and to its records. */
export default function DashboardPage() {
  const { name = "" } = useParams();
  const { t, language } = useLanguage();
  const { model } = useSurroundings();
  const say = useSay();
  const [search, setSearch] = useSearchParams();
  const [drilled, setDrilled] = useState<Drilled | null>(null);
  const asked = useMemo(() => dashboardAsked(search, new Date(), say.timezone), [search, say.timezone]);
  const found = useQuery({
    queryKey: [LIVE, language, "dashboard", name, asked],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => api.get<Dashboard>(`/dashboards/${name}`, asked, signal),
    // While numbers are counted in the background nothing is written, so nobody else tells that they are there.
    refetchInterval: (query) => (query.state.data?.counting ? COUNTING : false),
  });

  if (!model.dashboards[name]) return <NotFound />;
  if (found.isPending) return <Splash inPage />;
  if (!found.data) return asRefusal(found.error).status === 404 ? <NotFound /> : <Failure error={found.error} onRetry={() => void found.refetch()} />;
  const board = found.data;
  const placed = new Set(board.layers.flatMap((layer) => layer.tiles));
  const loose = Object.keys(board.tiles).filter((one) => !placed.has(one));
  const layers = loose.length > 0 ? [...board.layers, { name: "rest", label: "", tiles: loose }] : board.layers;

  return (
    <div className="dash">
      <PageHead title={board.label} note={board.as_of ? t("dash.asOf", { time: say.instant(board.as_of) }) : undefined}>
        <FilterBar filters={board.filters} search={search} onChange={(next) => setSearch(next, { replace: true })} />
      </PageHead>
      {layers.map((layer) => (
        <section key={layer.name} className="dash-layer">
          {layer.label && <h2>{layer.label}</h2>}
          {[true, false].map((plain) => {
            const names = layer.tiles.filter((one) => board.tiles[one] && isHeadline(board.tiles[one]) === plain);
            if (names.length === 0) return null;
            return (
              <div key={String(plain)} className={plain ? "numbers" : "drawings"}>
                {names.map((one) => (
                  <TileFrame key={one} tile={board.tiles[one] as Tile} onDrill={(point, pointLabel) => setDrilled({ tile: one, label: board.tiles[one]?.label ?? one, point, pointLabel })} />
                ))}
              </div>
            );
          })}
        </section>
      ))}
      {drilled && <Drill dashboard={name} drilled={drilled} asked={asked} onClose={() => setDrilled(null)} />}
    </div>
  );
}
