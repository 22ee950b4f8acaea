import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Radio } from "antd";
import { useState } from "react";
import { api } from "../../api/client";
import { asRefusal, spoken } from "../../api/problem";
import type { Plan } from "../../api/types";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { Notes } from "../../widgets/Notes";
import { Splash } from "../../widgets/Splash";

/** What publishing would change, in sentences; the questions it asks; and publishing it. */
export function PlanPanel() {
  const { t, language } = useLanguage();
  const toast = useToast();
  const client = useQueryClient();
  const [note, setNote] = useState("");
  const [choices, setChoices] = useState<Record<string, string>>({});
  const [wrong, setWrong] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const found = useQuery({ queryKey: ["plan", language], staleTime: 0, queryFn: () => api.get<Plan>("/revisions/plan") });

  const publish = async () => {
    setBusy(true);
    setWrong([]);
    try {
      const made = await api.post<{ number: number }>("/revisions", { note, choices });
      toast.say(t("rev.published", { n: made.number }));
      setNote("");
      await client.invalidateQueries();
    } catch (error) {
      const refusal = asRefusal(error);
      setWrong(refusal.problems.length > 0 ? refusal.problems.map(spoken) : [refusal.message]);
    } finally {
      setBusy(false);
    }
  };

  if (found.isPending) return <Splash inPage />;
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  const plan = found.data;
  const answered = plan.questions.every((question) => choices[question.name]);
  return (
    <section className="panel">
      <h2>{t("rev.plan")}</h2>
      {plan.problems.length > 0 && <p>{t("rev.problems")}</p>}
      <Notes tone="bad" lines={[...plan.problems.map(spoken), ...wrong]} />
      {plan.empty ? (
        <p className="quiet">{t("rev.noPlan")}</p>
      ) : (
        <>
          <ul className="plan-lines">
            {plan.lines.map((line) => (
              <li key={line.text}>
                {line.text} {line.where && <code className="quiet">{line.where}</code>}
              </li>
            ))}
          </ul>
          {plan.questions.map((question) => (
            <fieldset key={question.name} className="ask-section">
              <legend>{question.text}</legend>
              <Radio.Group
                value={choices[question.name]}
                options={question.options.map((option) => ({ value: option.name, label: option.label }))}
                onChange={(event) => setChoices((all) => ({ ...all, [question.name]: event.target.value as string }))}
              />
            </fieldset>
          ))}
          <div className="plan-go">
            <Input value={note} aria-label={t("rev.note")} placeholder={t("rev.note")} onChange={(event) => setNote(event.target.value)} />
            <Button type="primary" disabled={plan.problems.length > 0 || !answered} loading={busy} onClick={() => void publish()}>
              {t("rev.publish")}
            </Button>
          </div>
        </>
      )}
    </section>
  );
}
