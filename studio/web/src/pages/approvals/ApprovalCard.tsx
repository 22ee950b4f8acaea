import { CheckOutlined, CloseOutlined, EllipsisOutlined, WarningFilled } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import type { ApprovalShape, Decision } from "../../api/approvals";
import { recordPath } from "../../app/paths";
import { useSay } from "../../app/session";
import { FileRow } from "../../fields/FileRow";
import { saySpan } from "../../format/moment";
import { useLanguage } from "../../i18n/language";
import { Face } from "../../widgets/Face";
import { useNow } from "../../widgets/now";
import { DecideDialog } from "./DecideDialog";
import { Seats } from "./Seats";
import "./approvals.css";

interface Props {
  approval: ApprovalShape;
  /** On the record's own page, where the way to the record is needless. */
  atRecord?: boolean;
}

/** One request: who asks for what, on what evidence, who has to agree until when; and one's own word on it. */
export function ApprovalCard({ approval, atRecord = false }: Props) {
  const { t } = useLanguage();
  const say = useSay();
  const [deciding, setDeciding] = useState<Decision | null>(null);
  const { can } = approval;
  const open = approval.state === "open";
  const files = new Set(approval.evidence.map((one) => one.field));
  const changes = approval.changes.filter((one) => typeof one === "string" || !files.has(one.field));
  const more = [
    ...(can.delegate ? [{ key: "delegate", label: t("appr.delegate"), onClick: () => setDeciding("delegate") }] : []),
  ];
  const title = atRecord ? approval.what : approval.title;
  const leads = !atRecord && approval.entity && approval.record;

  return (
    <article className={open ? "approval" : "approval approval-over"} aria-label={approval.title}>
      <header>
        <h3>{leads ? <Link to={recordPath(approval.entity ?? "", approval.record ?? 0)}>{title}</Link> : title}</h3>
        {open ? <Due approval={approval} /> : <span className={`chip approval-${approval.state}`}>{t(`appr.state.${approval.state}`)}</span>}
      </header>
      <p className="approval-by">
        {approval.asked_by && <Face name={approval.asked_by.name} small />}
        <span>{t("appr.askedBy", { name: approval.asked_by?.name ?? t("time.system") })}</span>
        <time className="quiet" dateTime={approval.asked_at} title={say.fully(approval.asked_at)}>{say.instant(approval.asked_at)}</time>
        {approval.passed_on && open && <span className="chip approval-late">{t("appr.passedOn")}</span>}
      </p>
      {changes.length > 0 && (
        <dl className="approval-facts">
          {changes.map((one, at) => (typeof one === "string" ? <div key={at}><dd>{one}</dd></div> : (
            <div key={one.field}>
              <dt>{one.label}</dt>
              <dd>{one.value || "—"}</dd>
            </div>
          )))}
        </dl>
      )}
      {approval.evidence.map((one) => (
        <div key={one.field} className="approval-evidence">
          <span className="quiet small">{one.label}</span>
          {one.file ? <FileRow id={one.file} name={one.name ?? one.label} size={one.size ?? undefined} /> : <span>{one.name}</span>}
          {!one.ok && <p className="approval-broken"><WarningFilled aria-hidden /> {one.problem}</p>}
        </div>
      ))}
      <Seats approval={approval} />
      {!open && approval.note && <p className="quiet small">{approval.note}</p>}
      {(can.approve || can.withdraw || more.length > 0) && (
        <div className="approval-ways">
          {can.approve && <Button type="primary" icon={<CheckOutlined aria-hidden />} onClick={() => setDeciding("approve")}>{t("appr.approve")}</Button>}
          {can.reject && <Button danger icon={<CloseOutlined aria-hidden />} onClick={() => setDeciding("reject")}>{t("appr.reject")}</Button>}
          {can.withdraw && <Button onClick={() => setDeciding("withdraw")}>{t("appr.withdraw")}</Button>}
          {more.length > 0 && (
            <Dropdown trigger={["click"]} menu={{ items: more }}>
              <Button className="approval-more" aria-label={t("app.more")} icon={<EllipsisOutlined aria-hidden />} />
            </Dropdown>
          )}
        </div>
      )}
      {deciding && <DecideDialog approval={approval} decision={deciding} onClose={() => setDeciding(null)} />}
    </article>
  );
}

const SOON = 2 * 60 * 60_000;

/** Until when somebody has to decide. */
function Due({ approval }: { approval: ApprovalShape }) {
  const { t, language } = useLanguage();
  const say = useSay();
  const now = useNow(30_000);
  if (!approval.due) return null;
  const left = Date.parse(approval.due) - now;
  const tone = left < 0 ? "bad" : left < SOON ? "warn" : "calm";
  return (
    <span className={`due due-${tone}`} title={say.fully(approval.due)}>
      {t(left < 0 ? "due.over" : "due.left", { span: saySpan(left, language) })}
    </span>
  );
}
