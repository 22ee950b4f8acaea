import { Checkbox, Input, Modal } from "antd";
import { useId, useState } from "react";
import { asRefusal, spoken } from "../../api/problem";
import { useRunWays, type RunRead } from "../../api/runs";
import type { Json } from "../../api/types";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Notes } from "../../widgets/Notes";

/** Lets a run go on from where it stopped: as it was, with what is sent mended, or by the rule as it is written now. */
export function RetryDialog({ run, onClose }: { run: RunRead; onClose: () => void }) {
  const { t } = useLanguage();
  const toast = useToast();
  const ways = useRunWays();
  const id = useId();
  const before = run.input ? JSON.stringify(run.input, null, 2) : "";
  const [text, setText] = useState(before);
  const [current, setCurrent] = useState(false);
  const [wrong, setWrong] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);

  const go = async () => {
    let input: Json | undefined;
    if (text !== before) {
      try {
        input = JSON.parse(text) as Json;
      } catch (error) {
        return setWrong([t("runs.notJson", { why: error instanceof Error ? error.message : "" })]);
      }
    }
    setBusy(true);
    try {
      await ways.retry(run.id, { ...(input === undefined ? {} : { input }), ...(current ? { current } : {}) });
      toast.say(t("runs.retried", { n: 1 }));
      onClose();
    } catch (error) {
      const refusal = asRefusal(error);
      setWrong(refusal.status === 0 ? [t("app.offline")] : refusal.problems.map(spoken));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal open title={t("runs.retryAsk")} okText={t(text === before ? "runs.retry" : "runs.retryMended")} confirmLoading={busy} onOk={() => void go()} onCancel={onClose}>
      <p className="quiet">{t("runs.retryHint")}</p>
      <Notes tone="bad" lines={wrong} />
      {run.input && (
        <div className="asked">
          <label htmlFor={id}>{t("runs.input")}</label>
          <Input.TextArea id={id} className="code-box" spellCheck={false} autoSize={{ minRows: 6, maxRows: 18 }} value={text} onChange={(event) => setText(event.target.value)} />
        </div>
      )}
      <Checkbox className="run-current" checked={current} onChange={(event) => setCurrent(event.target.checked)}>{t("runs.current")}</Checkbox>
    </Modal>
  );
}
