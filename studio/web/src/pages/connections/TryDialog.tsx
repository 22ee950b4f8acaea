import { Button, Input, Modal } from "antd";
import { useId, useRef, useState } from "react";
import { useConnectionWays, type ConnectionShape, type Tried } from "../../api/inbox";
import { asRefusal, spoken } from "../../api/problem";
import { useLanguage } from "../../i18n/language";
import { Notes } from "../../widgets/Notes";
import { Trial } from "../inbox/Trial";
import { kindOf } from "./kind";

/** Results of a trial that are shown; the first ones tell enough. */
const SHOWN = 10;

/** A pasted delivery, or a file, and what would come of it; nothing is written. */
export function TryDialog({ one, onClose }: { one: ConnectionShape; onClose: () => void }) {
  const { t } = useLanguage();
  const ways = useConnectionWays();
  const id = useId();
  const picker = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [tried, setTried] = useState<Tried[] | null>(null);
  const [wrong, setWrong] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);

  const attempt = async () => {
    setBusy(true);
    setWrong([]);
    setTried(null);
    try {
      setTried((await (file ? ways.attemptFile(one.name, file) : ways.attempt(one.name, text, kindOf(text)))).items);
    } catch (error) {
      const refusal = asRefusal(error);
      setWrong(refusal.status === 0 ? [t("app.offline")] : refusal.problems.length > 0 ? refusal.problems.map(spoken) : [refusal.message]);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal
      open
      width={680}
      style={{ top: 40 }}
      title={t("conn.tryTitle", { label: one.label })}
      onCancel={onClose}
      footer={[
        <Button key="close" onClick={onClose}>{t("app.close")}</Button>,
        <Button key="go" type="primary" loading={busy} disabled={!file && text.trim() === ""} onClick={() => void attempt()}>{t("conn.tryGo")}</Button>,
      ]}
    >
      <p className="quiet">{t("conn.tryHint")}</p>
      <div className="asked">
        <label htmlFor={id}>{t("conn.tryBody")}</label>
        <Input.TextArea id={id} className="code-box" spellCheck={false} autoSize={{ minRows: 6, maxRows: 14 }} value={text} disabled={file !== null} onChange={(event) => setText(event.target.value)} />
      </div>
      <p className="conn-try-file">
        <Button onClick={() => picker.current?.click()}>{file ? file.name : t("conn.tryFile")}</Button>
        {file && <button className="filter-off" aria-label={t("list.removeFilter", { label: file.name })} onClick={() => setFile(null)}>×</button>}
        <input ref={picker} type="file" hidden aria-label={t("conn.tryFile")} onChange={(event) => setFile(event.target.files?.[0] ?? null)} />
      </p>
      <Notes tone="bad" lines={wrong} />
      {tried && tried.length === 0 && <Notes tone="warn" lines={[t("conn.tryNone")]} />}
      {tried && tried.length > 0 && <Trial tried={tried.slice(0, SHOWN)} into={one.into} />}
      {tried && tried.length > SHOWN && <p className="quiet small">{t("conn.tryMore", { n: tried.length - SHOWN })}</p>}
    </Modal>
  );
}
