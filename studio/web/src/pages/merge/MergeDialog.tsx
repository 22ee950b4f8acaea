import { useQuery } from "@tanstack/react-query";
import { Modal } from "antd";
import { useState } from "react";
import { api } from "../../api/client";
import type { DuplicateFound, EntityModel, RecordShape } from "../../api/types";
import { LinkInput } from "../../fields/LinkInput";
import { isEmpty } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import { Compare } from "./Compare";
import "../entry/entry.css";
import "./merge.css";

interface Props {
  record: RecordShape;
  entity: EntityModel;
  onClose: () => void;
}

const TEXTS = ["text", "phone", "email", "uscc"];

/** Makes one of two records: first which other one, then both side by side. */
export function MergeDialog({ record, entity, onClose }: Props) {
  const { t } = useLanguage();
  const [other, setOther] = useState<number | null>(null);
  return (
    <Modal open width={760} style={{ top: 32 }} title={t("merge.title", { title: record.title })} onCancel={onClose} footer={null} className="merge">
      {other === null ? <Pick record={record} entity={entity} onPick={setOther} /> : <Compare record={record} other={other} onBack={() => setOther(null)} onClose={onClose} />}
    </Modal>
  );
}

/** Records that look like this one, and a search for any other. */
function Pick({ record, entity, onPick }: { record: RecordShape; entity: EntityModel; onPick: (id: number) => void }) {
  const { t, language } = useLanguage();
  const telling = Object.fromEntries(
    entity.fields.filter((field) => TEXTS.includes(field.type) && !isEmpty(record.values[field.name])).map((field) => [field.name, String(record.values[field.name])]),
  );
  const found = useQuery({
    queryKey: ["duplicates", language, entity.name, JSON.stringify(telling)],
    retry: false,
    queryFn: ({ signal }) => api.get<{ items: DuplicateFound[] }>(`/duplicates/${entity.name}`, telling, signal),
  });
  const rows = (found.data?.items ?? []).flatMap((one) => (one.record && one.record.id !== record.id ? [{ ...one, record: one.record }] : []));
  return (
    <div className="merge-pick">
      <p className="quiet">{t("merge.pickHint")}</p>
      {rows.length > 0 && (
        <section className="similar">
          <h2>{t("entry.similar")}</h2>
          <ul>
            {rows.map(({ record: one, score, reasons }) => (
              <li key={one.id}>
                <button className="merge-other" onClick={() => onPick(one.id)}>
                  <span className="similar-score" style={{ "--share": `${Math.round(score * 100)}%` } as React.CSSProperties}>{t("entry.match", { n: Math.round(score * 100) })}</span>
                  <strong>{one.title}</strong>
                  <span className="quiet small">{reasons.join(" · ")}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      {found.isSuccess && rows.length === 0 && <p>{t("merge.noneAlike")}</p>}
      <div className="asked">
        <label htmlFor="merge-search">{t("merge.search", { label: entity.label })}</label>
        <LinkInput id="merge-search" entity={entity.name} field={{ name: "other", label: entity.label, type: "link", to: entity.name }} value={null} onChange={(next) => typeof next === "number" && next !== record.id && onPick(next)} />
      </div>
    </div>
  );
}
