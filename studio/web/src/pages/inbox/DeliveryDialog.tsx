import { Button, Input, Modal } from "antd";
import { useId, useState } from "react";
import { Link } from "react-router";
import { useInboxWays, type DeliveryShape, type Receipt, type Tried } from "../../api/inbox";
import { asRefusal, spoken } from "../../api/problem";
import { recordPath } from "../../app/paths";
import { useSay, useSurroundings } from "../../app/session";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Notes } from "../../widgets/Notes";
import { readable, reasonsOf } from "./reason";
import { Trial } from "./Trial";

interface Props {
  one: DeliveryShape;
  from: string;
  /** The entity its records are of. */
  into: string | null;
  onClose: () => void;
}

/** A delivery as it came: why it was put aside, its body to read and mend, a trial that writes nothing, and the replay. */
export function DeliveryDialog({ one, from, into, onClose }: Props) {
  const { t } = useLanguage();
  const say = useSay();
  const toast = useToast();
  const ways = useInboxWays();
  const id = useId();
  const before = readable(one.body);
  const [text, setText] = useState(before);
  const [reason, setReason] = useState(one.reason);
  const [tried, setTried] = useState<Tried[] | null>(null);
  const [done, setDone] = useState<Receipt | null>(null);
  const [wrong, setWrong] = useState<string[]>([]);
  const [busy, setBusy] = useState("");
  const over = one.state === "done" || one.state === "skipped" || done !== null;

  const working = async (what: string, work: () => Promise<void>) => {
    setBusy(what);
    setWrong([]);
    try {
      await work();
    } catch (error) {
      const refusal = asRefusal(error);
      setWrong(refusal.status === 0 ? [t("app.offline")] : refusal.problems.length > 0 ? refusal.problems.map(spoken) : [refusal.message]);
    } finally {
      setBusy("");
    }
  };
  const attempt = () => working("try", async () => setTried((await ways.attempt(one.connection, text, one.kind || "application/json")).items));
  const replay = () =>
    working("replay", async () => {
      const receipt = await ways.replay(one.id, text === before ? undefined : text);
      setTried(null);
      if (receipt.state === "done" || receipt.state === "skipped") {
        toast.say(t("inbox.replayed", { n: 1 }));
        setDone(receipt);
      } else setReason(receipt.reason ?? t("inbox.stillWaits"));
    });

  return (
    <Modal
      open
      width={680}
      style={{ top: 40 }}
      title={t("inbox.delivery", { from, time: say.instant(one.received_at) })}
      onCancel={onClose}
      footer={over ? [<Button key="close" onClick={onClose}>{t("app.close")}</Button>] : [
        <Button key="try" loading={busy === "try"} onClick={() => void attempt()}>{t("inbox.try")}</Button>,
        <Button key="go" type="primary" loading={busy === "replay"} onClick={() => void replay()}>{t(text === before ? "inbox.replay" : "inbox.replayMended")}</Button>,
      ]}
    >
      {done ? (
        <Notes tone="good" lines={[t("inbox.worked")]} />
      ) : (
        reasonsOf(reason).map((each) => (
          <div key={each.message} className="delivery-reason">
            <p><strong>{each.message}</strong></p>
            {each.fix && <p>{each.fix}</p>}
            {each.place && <p className="quiet small"><code>{each.place}</code></p>}
          </div>
        ))
      )}
      {(done?.record ?? one.record) && <p><RecordLink record={done?.record ?? one.record} /></p>}
      <Notes tone="bad" lines={wrong} />
      <div className="asked">
        <label htmlFor={id}>{t(over ? "inbox.body" : "inbox.bodyMend")}</label>
        <Input.TextArea id={id} className="code-box" readOnly={over} spellCheck={false} autoSize={{ minRows: 6, maxRows: 16 }} value={text} onChange={(event) => setText(event.target.value)} />
      </div>
      {tried && !done && <Trial tried={tried} into={into} />}
      <p className="quiet small delivery-key">{t("inbox.key", { key: one.key })}{one.mended && ` · ${t("inbox.mended")}`}</p>
    </Modal>
  );
}

function RecordLink({ record }: { record: { entity: string; id: number } | undefined }) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  if (!record) return null;
  return <Link to={recordPath(record.entity, record.id)}>{t("inbox.openRecord", { label: model.entities[record.entity]?.label ?? record.entity })}</Link>;
}
