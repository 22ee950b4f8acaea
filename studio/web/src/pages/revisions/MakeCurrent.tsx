import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Modal } from "antd";
import { useState } from "react";
import { api } from "../../api/client";
import { asRefusal, spoken } from "../../api/problem";
import type { Plan, PlanChoices } from "../../api/plan";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { Notes } from "../../widgets/Notes";
import { answered, PlanQuestions } from "./PlanQuestions";

interface Props {
  number: number;
  onClose: () => void;
}

/** Makes a revision current again: says what is put as it was, and asks what only a person can decide. */
export function MakeCurrent({ number, onClose }: Props) {
  const { t, language } = useLanguage();
  const toast = useToast();
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string[]>([]);
  const [choices, setChoices] = useState<PlanChoices>({});
  const found = useQuery({ queryKey: ["plan", language, number], staleTime: 0, queryFn: () => api.get<Plan>("/revisions/plan", { to: number }) });

  const go = async () => {
    setBusy(true);
    try {
      const made = await api.post<{ number: number; told: string[] }>(`/revisions/${number}/current`, { choices });
      toast.say([t("rev.wentBack", { n: number, made: made.number }), ...made.told].join(t("rev.and")));
      onClose();
      await client.invalidateQueries();
    } catch (error) {
      const refusal = asRefusal(error);
      setWrong(refusal.problems.length > 0 ? refusal.problems.map(spoken) : [refusal.status === 0 ? t("app.offline") : refusal.message]);
    } finally {
      setBusy(false);
    }
  };

  const plan = found.data;
  return (
    <Modal
      open
      title={t("rev.makeCurrentAsk", { n: number })}
      okText={t("rev.makeCurrent")}
      okButtonProps={{ disabled: plan === undefined || !answered(plan, choices) }}
      confirmLoading={busy}
      onOk={() => void go()}
      onCancel={onClose}
    >
      <p className="quiet">{t("rev.makeCurrentHint")}</p>
      <Notes tone="bad" lines={wrong} />
      {found.isError && <Failure error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <p className="quiet" role="status">{t("rev.looking")}</p>}
      {plan && (
        <div className="plan-ask">
          {plan.back_text.map((line) => (
            <p key={line}>{line}</p>
          ))}
          <PlanQuestions plan={plan} choices={choices} onChange={setChoices} />
        </div>
      )}
    </Modal>
  );
}
