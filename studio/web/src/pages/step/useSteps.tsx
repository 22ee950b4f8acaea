import { Button, Modal } from "antd";
import { useCallback, useState } from "react";
import { asRefusal, type Refusal } from "../../api/problem";
import { useTransition } from "../../api/queries";
import { submitted } from "../../api/approvals";
import type { RecordShape, Written } from "../../api/types";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { StepDialog } from "./StepDialog";

export interface Step {
  name: string;
  label: string;
}

interface Pending {
  record: RecordShape;
  step: Step;
  refusal?: Refusal;
}

interface Hearing {
  onDone: (record: RecordShape, step: Step) => void;
  /** The record did not move: it was refused, or somebody else was first. */
  onReturned?: (record: RecordShape, refusal: Refusal) => void;
}

/** Takes records along a transition: at once where nothing is missing, else through the dialog. */
export function useSteps({ onDone, onReturned }: Hearing) {
  const { t } = useLanguage();
  const toast = useToast();
  const transition = useTransition();
  const [pending, setPending] = useState<Pending | null>(null);
  const [picking, setPicking] = useState<{ record: RecordShape; steps: Step[]; state: string } | null>(null);

  const conflicted = useCallback(
    (record: RecordShape, refusal: Refusal) => {
      setPending(null);
      toast.warn(`${refusal.message} ${t("board.conflict")}`);
      onReturned?.(record, refusal);
    },
    [onReturned, t, toast],
  );

  /** It happened; or it was submitted, and somebody has to agree first. */
  const finished = useCallback(
    (answer: Written, step: Step) => {
      const waits = submitted(answer.warnings);
      if (waits) toast.say(waits);
      else onDone(answer.record, step);
    },
    [onDone, toast],
  );

  const take = useCallback(
    (record: RecordShape, step: Step) => {
      transition.mutate(
        { record, name: step.name },
        {
          onSuccess: (answer) => finished(answer, step),
          onError: (error) => {
            const refusal = asRefusal(error);
            if (refusal.conflict) return conflicted(record, refusal);
            onReturned?.(record, refusal);
            if (refusal.incomplete) setPending({ record, step, refusal });
            else toast.warn(refusal.status === 0 ? t("app.offline") : refusal.message);
          },
        },
      );
    },
    [conflicted, finished, onReturned, t, toast, transition],
  );

  const dialogs = (
    <>
      {pending && (
        <StepDialog
          record={pending.record}
          name={pending.step.name}
          label={pending.step.label}
          refusal={pending.refusal}
          onClose={() => setPending(null)}
          onDone={(answer) => {
            setPending(null);
            finished(answer, pending.step);
          }}
          onConflict={(refusal) => conflicted(pending.record, refusal)}
        />
      )}
      {picking && (
        <Modal open title={t("board.pick", { state: picking.state })} onCancel={() => setPicking(null)} footer={null}>
          <div className="blank-ways">
            {picking.steps.map((step) => (
              <Button
                key={step.name}
                onClick={() => {
                  setPicking(null);
                  take(picking.record, step);
                }}
              >
                {step.label}
              </Button>
            ))}
          </div>
        </Modal>
      )}
    </>
  );

  return {
    take,
    /** Opens the form of a step at once. */
    ask: (record: RecordShape, step: Step) => setPending({ record, step }),
    choose: (record: RecordShape, steps: Step[], state: string) => setPicking({ record, steps, state }),
    busy: transition.isPending,
    dialogs,
  };
}
