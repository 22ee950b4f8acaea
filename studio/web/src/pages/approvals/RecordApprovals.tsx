import { useRecordApprovals } from "../../api/approvals";
import type { RecordShape } from "../../api/types";
import { useLanguage } from "../../i18n/language";
import { ApprovalCard } from "./ApprovalCard";

/** What waits for somebody's word on a record; what is over stands folded below. Nothing where nothing was ever asked. */
export function RecordApprovals({ record }: { record: RecordShape }) {
  const { t } = useLanguage();
  const all = useRecordApprovals(record.entity, record.id).data ?? [];
  const open = all.filter((one) => one.state === "open");
  const over = all.filter((one) => one.state !== "open");
  if (all.length === 0) return null;
  return (
    <section className="record-approvals" aria-label={t("appr.title")}>
      {open.map((one) => (
        <div key={one.id}>
          <p className="record-waits">{t("appr.waitingFor", { names: one.waits_for.map((person) => person.name).join(t("appr.and")) })}</p>
          <ApprovalCard approval={one} atRecord />
        </div>
      ))}
      {over.length > 0 && (
        <details>
          <summary>{t("appr.past", { n: over.length })}</summary>
          {over.map((one) => <ApprovalCard key={one.id} approval={one} atRecord />)}
        </details>
      )}
    </section>
  );
}
