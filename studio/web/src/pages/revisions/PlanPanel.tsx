import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { api } from "../../api/client";
import { asRefusal, spoken } from "../../api/problem";
import type { Plan, PlanChoices } from "../../api/plan";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { Notes } from "../../widgets/Notes";
import { answered, PlanQuestions } from "./PlanQuestions";

const SHOWN_CLOCKS = 10;

/** What publishing would change, in sentences; the questions it asks; and publishing it. */
export function PlanPanel() {
  const { t, language } = useLanguage();
  const toast = useToast();
  const client = useQueryClient();
  const [note, setNote] = useState("");
  const [choices, setChoices] = useState<PlanChoices>({});
  const [wrong, setWrong] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const found = useQuery({ queryKey: ["plan", language], staleTime: 0, queryFn: () => api.get<Plan>("/revisions/plan") });

  const publish = async () => {
    setBusy(true);
    setWrong([]);
    try {
      const made = await api.post<{ number: number; asked?: number }>("/revisions", { note, choices });
      toast.say(made.asked === undefined ? t("rev.published", { n: made.number }) : t("rev.asked"));
      setNote("");
      setChoices({});
      await client.invalidateQueries();
    } catch (error) {
      const refusal = asRefusal(error);
      setWrong(refusal.problems.length > 0 ? refusal.problems.map(spoken) : [refusal.message]);
    } finally {
      setBusy(false);
    }
  };

  if (found.isPending) {
    return (
      <section className="panel" aria-busy>
        <h2>{t("rev.plan")}</h2>
        <p className="quiet" role="status">{t("rev.planning")}</p>
      </section>
    );
  }
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  const plan = found.data;
  return (
    <section className="panel">
      <h2>{t("rev.plan")}</h2>
      {!plan.changes_anything ? (
        <p className="quiet">{t("rev.noPlan")}</p>
      ) : (
        <>
          <ul className="plan-lines">
            {plan.sentences.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
          {plan.clocks.length > 0 && (
            <details className="plan-clocks">
              <summary>{t("rev.clocks")}</summary>
              <ul className="plan-lines small">
                {plan.clocks.slice(0, SHOWN_CLOCKS).map((clock, at) => (
                  <li key={at}>{clock.text}</li>
                ))}
                {plan.clocks.length > SHOWN_CLOCKS && <li className="quiet">{t("rev.moreClocks", { n: plan.clocks.length - SHOWN_CLOCKS })}</li>}
              </ul>
            </details>
          )}
          <PlanQuestions plan={plan} choices={choices} onChange={setChoices} />
          <Notes tone="bad" lines={wrong} />
          <div className="plan-go">
            <Input value={note} aria-label={t("rev.note")} placeholder={t("rev.note")} onChange={(event) => setNote(event.target.value)} />
            <Button type="primary" disabled={!answered(plan, choices)} loading={busy} onClick={() => void publish()}>
              {t("rev.publish")}
            </Button>
          </div>
        </>
      )}
    </section>
  );
}
