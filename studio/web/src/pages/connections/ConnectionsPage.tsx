import { useState } from "react";
import { useConnections, type ConnectionShape } from "../../api/inbox";
import { useLanguage } from "../../i18n/language";
import { Blank } from "../../widgets/Blank";
import { Failure } from "../../widgets/Failure";
import { PageHead } from "../../widgets/PageHead";
import { Splash } from "../../widgets/Splash";
import { ConnectionCard } from "./ConnectionCard";
import { TryDialog } from "./TryDialog";
import "../../widgets/rows.css";
import "../inbox/inbox.css";
import "./connections.css";

const ORDER = { attention: 0, silent: 1, working: 2 } as const;

/** Every connection: how it stands, what to do about it, its address, and what can be tried on it. What needs somebody comes first. */
export default function ConnectionsPage() {
  const { t } = useLanguage();
  const [watched, setWatched] = useState<Record<string, number>>({});
  const found = useConnections(Object.keys(watched).length > 0);
  const [tried, setTried] = useState<ConnectionShape | null>(null);
  const all = [...(found.data ?? [])].sort((one, other) => ORDER[one.state] - ORDER[other.state]);
  const bad = all.filter((one) => one.state !== "working").length;
  const watch = (name: string, since: number | null) =>
    setWatched((now) => {
      const { [name]: _, ...rest } = now;
      return since === null ? rest : { ...rest, [name]: since };
    });

  return (
    <div className="runs">
      <PageHead title={t("conn.title")} note={all.length > 0 ? t(bad > 0 ? "conn.some" : "conn.allWell", { n: all.length, bad }) : t("conn.lead")} />
      {found.isError ? (
        <Failure error={found.error} onRetry={() => void found.refetch()} />
      ) : found.isPending ? (
        <Splash inPage />
      ) : all.length === 0 ? (
        <Blank title={t("conn.none")} hint={t("conn.noneHint")} />
      ) : (
        <ul className="conn-list">
          {all.map((one) => (
            <ConnectionCard key={one.name} one={one} since={watched[one.name] ?? null} onWatch={(since) => watch(one.name, since)} onTry={() => setTried(one)} />
          ))}
        </ul>
      )}
      {tried && <TryDialog key={tried.name} one={tried} onClose={() => setTried(null)} />}
    </div>
  );
}
