import { Button, Tooltip } from "antd";
import { useOffered } from "../../api/queries";
import type { Offered, RecordShape } from "../../api/types";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { useSteps } from "../step/useSteps";

/** The steps open now, as buttons; what is missing is said before one presses. */
export function Steps({ record }: { record: RecordShape }) {
  const { t } = useLanguage();
  const toast = useToast();
  const offered = useOffered(record.entity, record.id);
  const steps = useSteps({ onDone: (_record, step) => toast.say(t("step.done", { label: step.label })) });
  const open = offered.data ?? [];
  if (offered.isSuccess && open.length === 0) return <p className="quiet steps-none">{t("step.none")}</p>;

  const press = (step: Offered) => {
    if (step.missing.length > 0 || step.fields.length > 0) steps.ask(record, step);
    else steps.take(record, step);
  };

  return (
    <div className="steps">
      {open.map((step, at) => (
        <Tooltip key={step.name} title={step.allowed ? step.missing.map((one) => <div key={one.message}>{one.message}</div>) : (step.reasons?.join(" ") || t("step.notAllowed"))}>
          <Button type={at === 0 ? "primary" : "default"} disabled={!step.allowed} loading={steps.busy} onClick={() => press(step)}>
            {step.label}
            {step.missing.length > 0 && <span className="steps-missing">{t("board.missingOne", { n: step.missing.length })}</span>}
          </Button>
        </Tooltip>
      ))}
      {steps.dialogs}
    </div>
  );
}
