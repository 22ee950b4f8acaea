import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { api } from "../../api/client";
import type { ProblemLine, Revision } from "../../api/types";
import { useSay } from "../../app/session";
import { useLanguage } from "../../i18n/language";
import { Blank } from "../../widgets/Blank";
import { Failure } from "../../widgets/Failure";
import { PageHead } from "../../widgets/PageHead";
import { Splash } from "../../widgets/Splash";
import { FolderProblems } from "./FolderProblems";
import { MakeCurrent } from "./MakeCurrent";
import { PlanPanel } from "./PlanPanel";
import "./revisions.css";

/** Sentences of an old revision that are shown at once. */
const SHOWN = 4;

/** What runs, what is waiting, and every revision before: each can be made current again. */
export default function RevisionsPage() {
  const { t, language } = useLanguage();
  const say = useSay();
  const [asking, setAsking] = useState<Revision | null>(null);
  const found = useQuery({
    queryKey: ["revisions", language],
    queryFn: () => api.get<{ items: Revision[]; problems: ProblemLine[] }>("/revisions"),
  });

  if (found.isPending) return <Splash inPage />;
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  const all = found.data.items;
  return (
    <div className="narrow revisions">
      <PageHead title={t("rev.title")} note={t("rev.lead")} />
      {found.data.problems.length > 0 ? <FolderProblems problems={found.data.problems} /> : <PlanPanel />}
      <section className="panel">
        <h2>{t("rev.history")}</h2>
        {all.length === 0 && <Blank title={t("rev.none")} />}
        <ol className="revision-list">
          {all.map((revision) => (
            <li key={revision.number}>
              <div>
                <strong>{t("rev.number", { n: revision.number })}</strong>
                {revision.current && <span className="tag" style={{ "--tone": "var(--good)" } as React.CSSProperties}>{t("rev.current")}</span>}
                <p>{revision.message || <span className="quiet">{t("rev.noNote")}</span>}</p>
                {(revision.changes[language] ?? []).length > 0 && (
                  <ul className="plan-lines small quiet">
                    {(revision.changes[language] ?? []).slice(0, SHOWN).map((line) => (
                      <li key={line}>{line}</li>
                    ))}
                  </ul>
                )}
                <p className="quiet small">
                  {revision.by ? `${revision.by} · ` : ""}
                  <time dateTime={revision.at} title={say.fully(revision.at)}>{say.instant(revision.at)}</time>
                </p>
              </div>
              {!revision.current && <Button onClick={() => setAsking(revision)}>{t("rev.makeCurrent")}</Button>}
            </li>
          ))}
        </ol>
      </section>
      {asking && <MakeCurrent key={asking.number} number={asking.number} onClose={() => setAsking(null)} />}
    </div>
  );
}
