import { Input, Modal } from "antd";
import { useId, useState } from "react";
import { saveAhead } from "../../api/ahead";
import { asRefusal, spoken } from "../../api/problem";
import type { RecordShape } from "../../api/types";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Notes } from "../../widgets/Notes";

interface Props {
  record: RecordShape;
  span: string;
  onClose: () => void;
}

/** Keeps what was seen as a scenario: from then on every publish tries whether it still comes so. */
export function SaveScenario({ record, span, onClose }: Props) {
  const { t } = useLanguage();
  const toast = useToast();
  const id = useId();
  const [name, setName] = useState(`${record.entity}_${record.id}_after_${span}`);
  const [wrong, setWrong] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const path = `custom/scenario/${name}.yaml`;

  const save = async () => {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) return setWrong([t("ahead.badName")]);
    setBusy(true);
    try {
      await saveAhead(record.entity, record.id, span, path);
      toast.say(t("ahead.saved", { path }));
      onClose();
    } catch (error) {
      const refusal = asRefusal(error);
      setWrong(refusal.status === 0 ? [t("app.offline")] : refusal.problems.map(spoken));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal open title={t("ahead.save")} okText={t("app.save")} confirmLoading={busy} onOk={() => void save()} onCancel={onClose}>
      <p className="quiet">{t("ahead.saveHint")}</p>
      <Notes tone="bad" lines={wrong} />
      <div className="asked">
        <label htmlFor={id}>{t("ahead.name")}</label>
        <Input id={id} value={name} spellCheck={false} onChange={(event) => setName(event.target.value)} />
        <p className="asked-help"><code>{path}</code></p>
      </div>
    </Modal>
  );
}
