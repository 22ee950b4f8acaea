import { RightOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { Dashboard, MenuEntry, Tile } from "../../api/types";
import { LIVE } from "../../app/live";
import { pathOf } from "../../app/paths";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { Drill, type Drilled } from "../dashboard/Drill";
import { COUNTING } from "../dashboard/period";
import { isHeadline } from "../dashboard/TileBody";
import { TileFrame } from "../dashboard/TileFrame";
import "../dashboard/dashboard.css";

const NUMBERS = 4;
/** With fewer numbers than this a drawing stands below them. */
const FEW = 3;
const DRAWINGS = 2;

/** The numbers of a dashboard that stand first, or its first drawings where it has none; the rest is behind its name. */
export default function HomeTiles({ entry }: { entry: MenuEntry }) {
  const { t, language } = useLanguage();
  const [drilled, setDrilled] = useState<Drilled | null>(null);
  const found = useQuery<Dashboard>({
    queryKey: [LIVE, language, "dashboard", entry.name, {}],
    refetchInterval: (query) => (query.state.data?.counting ? COUNTING : false),
    queryFn: ({ signal }) => api.get<Dashboard>(`/dashboards/${entry.name}`, undefined, signal),
  });
  const board = found.data;
  const order = board ? [...new Set([...board.layers.flatMap((layer) => layer.tiles), ...Object.keys(board.tiles)])] : [];
  const headlines = order.filter((name) => board?.tiles[name] && isHeadline(board.tiles[name]));
  const drawings = headlines.length < FEW ? order.filter((name) => !headlines.includes(name)).slice(0, headlines.length > 0 ? 1 : DRAWINGS) : [];

  const tiles = (kind: "numbers" | "drawings", names: string[]) => names.length > 0 && (
    <div className={`${kind} home-tiles`}>
      {names.map((name) => (
        <TileFrame
          key={name}
          tile={board?.tiles[name] as Tile}
          onDrill={(point, pointLabel) => setDrilled({ tile: name, label: board?.tiles[name]?.label ?? name, point, pointLabel })}
        />
      ))}
    </div>
  );

  return (
    <section className="home-list" aria-busy={found.isPending}>
      <header>
        <h2>{entry.label}</h2>
        <Link to={pathOf(entry)}>{t("home.allNumbers")} <RightOutlined aria-hidden className="small" /></Link>
      </header>
      {found.isError && <Failure error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <div className="numbers home-tiles">{Array.from({ length: NUMBERS }, (_, at) => <div key={at} className="tile tile-waits" />)}</div>}
      {tiles("numbers", headlines.slice(0, NUMBERS))}
      {tiles("drawings", drawings)}
      {drilled && <Drill dashboard={entry.name} drilled={drilled} asked={{}} onClose={() => setDrilled(null)} />}
    </section>
  );
}
