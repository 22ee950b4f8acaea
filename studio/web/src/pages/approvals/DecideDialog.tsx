import { Button, Input, Modal } from "antd";
import { useId, useState } from "react";
import { useDecide, type ApprovalShape, type Decision } from "../../api/approvals";
import { asRefusal, spoken } from "../../api/problem";
import { useToast } from "../../app/toast";
import { LinkInput } from "../../fields/LinkInput";
import { useLanguage, type Speaker } from "../../i18n/language";
import { Notes } from "../../widgets/Notes";

interface Props {
  approval: ApprovalShape;
  decision: Decision;
  onClose: () => void;
}

const PERSON = { name: "to", label: "", type: "user", to: "user", required: true };

/** What came of a word, as people say it: carried out, or who is still to be heard. */
function outcome(after: ApprovalShape, decision: Decision, t: Speaker): string {
  if (decision !== "approve") return t(`appr.done.${decision}`, { title: after.title });
  if (after.state !== "open") return t("appr.done.approve", { title: after.title });
  return t("appr.done.more", { names: after.waits_for.map((one) => one.name).join(t("appr.and")) });
}

/** A word on an approval, with a comment. A refusal needs one: whoever asked reads it. */
export function DecideDialog({ approval, decision, onClose }: Props) {
  const { t } = useLanguage();
  const toast = useToast();
  const decide = useDecide();
  const id = useId();
  const [note, setNote] = useState("");
  const [to, setTo] = useState<number | null>(null);
  const [wrong, setWrong] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const must = decision === "reject";

  const go = async () => {
    if (must && !note.trim()) return setWrong([t("appr.noteMust")]);
    if (decision === "delegate" && to === null) return setWrong([t("appr.pickPerson")]);
    setBusy(true);
    try {
      const after = await decide(approval.id, decision, note.trim(), to ?? undefined);
      toast.say(outcome(after, decision, t));
      onClose();
    } catch (error) {
      const refusal = asRefusal(error);
      if (refusal.status === 0) return setWrong([t("app.offline")]);
      if (!refusal.conflict) return setWrong(refusal.problems.map(spoken));
      toast.warn(refusal.message);
      onClose();
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal
      open
      title={t(`appr.ask.${decision}`)}
      onCancel={onClose}
      className="decide"
      footer={[
        <Button key="no" size="large" onClick={onClose}>{t("app.cancel")}</Button>,
        <Button key="go" size="large" type="primary" danger={must} loading={busy} onClick={() => void go()}>{t(`appr.${decision}`)}</Button>,
      ]}
    >
      <p className="decide-on">{approval.title}</p>
      <Notes tone="bad" lines={wrong} />
      {decision === "delegate" && (
        <div className="asked">
          <label htmlFor={`${id}-to`}>{t("appr.to")}</label>
          <LinkInput id={`${id}-to`} entity="user" field={{ ...PERSON, label: t("appr.to") }} value={to} onChange={(next) => setTo(typeof next === "number" ? next : null)} />
        </div>
      )}
      {decision !== "delegate" && (
        <div className="asked">
          <label htmlFor={id}>{t(must ? "appr.noteReject" : "appr.note")}</label>
          <Input.TextArea id={id} autoFocus={must} autoSize={{ minRows: 2, maxRows: 6 }} maxLength={2000} value={note} onChange={(event) => setNote(event.target.value)} />
        </div>
      )}
    </Modal>
  );
}
