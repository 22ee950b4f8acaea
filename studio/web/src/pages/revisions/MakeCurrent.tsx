import { useQueryClient } from "@tanstack/react-query";
import { Modal, Radio } from "antd";
import { useState } from "react";
import { api } from "../../api/client";
import { asRefusal, spoken } from "../../api/problem";
import type { PlanChoices, ProblemLine } from "../../api/types";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Notes } from "../../widgets/Notes";

/** The one question that is answered here; every other one is told with what to do. */
const CLOCKS = "M030";

interface Props {
  number: number;
  onClose: () => void;
}

/** Makes a revision current again; where clocks are running, asks what becomes of them. */
export function MakeCurrent({ number, onClose }: Props) {
  const { t } = useLanguage();
  const toast = useToast();
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState<ProblemLine[]>([]);
  const [timers, setTimers] = useState<PlanChoices["timers"]>();
  const clocks = told.find((problem) => problem.code === CLOCKS);

  const go = async () => {
    setBusy(true);
    try {
      const made = await api.post<{ number: number }>(`/revisions/${number}/current`, { choices: { timers } });
      toast.say(t("rev.wentBack", { n: number, made: made.number }));
      onClose();
      await client.invalidateQueries();
    } catch (error) {
      const refusal = asRefusal(error);
      setTold(refusal.problems);
      if (refusal.problems.length === 0) {
        toast.warn(refusal.status === 0 ? t("app.offline") : refusal.message);
        onClose();
      }
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal
      open
      title={t("rev.makeCurrentAsk", { n: number })}
      okText={t("rev.makeCurrent")}
      okButtonProps={{ disabled: clocks !== undefined && timers === undefined }}
      confirmLoading={busy}
      onOk={() => void go()}
      onCancel={onClose}
    >
      <p className="quiet">{t("rev.makeCurrentHint")}</p>
      <Notes tone="bad" lines={told.filter((problem) => problem !== clocks).map(spoken)} />
      {clocks && (
        <fieldset className="ask-section">
          <legend>{clocks.message}</legend>
          <Radio.Group
            value={timers}
            options={[
              { value: "change", label: t("rev.timersChange") },
              { value: "keep", label: t("rev.timersKeep") },
            ]}
            onChange={(event) => setTimers(event.target.value as PlanChoices["timers"])}
          />
        </fieldset>
      )}
    </Modal>
  );
}
