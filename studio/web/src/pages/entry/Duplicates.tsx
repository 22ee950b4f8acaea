import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { DuplicateFound, EntityModel, Values } from "../../api/types";
import { recordPath } from "../../app/paths";
import { isEmpty, ownerField } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import { useLater } from "../../widgets/later";

const TEXTS = ["text", "phone", "email", "uscc"];

/** Records that may be the same one, with their score; asked for while one types. */
export function Duplicates({ entity, values }: { entity: EntityModel; values: Values }) {
  const { t, language } = useLanguage();
  const telling: Record<string, string> = {};
  for (const field of entity.fields) {
    const value = values[field.name];
    if (TEXTS.includes(field.type) && !isEmpty(value)) telling[field.name] = String(value);
  }
  const asked = useLater(JSON.stringify(telling), 350);
  const found = useQuery({
    queryKey: ["duplicates", language, entity.name, asked],
    enabled: asked !== "{}",
    placeholderData: keepPreviousData,
    retry: false,
    queryFn: ({ signal }) => api.get<{ items: DuplicateFound[] }>(`/duplicates/${entity.name}`, JSON.parse(asked) as Record<string, string>, signal),
  });
  const rows = asked === "{}" ? [] : (found.data?.items ?? []);
  return (
    <div aria-live="polite">
      {rows.length > 0 && (
        <section className="similar">
          <h2>{t("entry.similar")}</h2>
          <p className="quiet small">{t("entry.similarHint")}</p>
          <SimilarRows rows={rows} entity={entity} />
        </section>
      )}
    </div>
  );
}

/** Candidates with their score, the reasons, and who has them. */
export function SimilarRows({ rows, entity }: { rows: DuplicateFound[]; entity: EntityModel }) {
  const { t } = useLanguage();
  const owner = ownerField(entity);
  return (
    <ul>
      {rows.map(({ record, score, reasons }, at) => (
        <li key={record?.id ?? `unseen-${at}`}>
          <span className="similar-score" style={{ "--share": `${Math.round(score * 100)}%` } as React.CSSProperties}>
            {t("entry.match", { n: Math.round(score * 100) })}
          </span>
          {record ? <Link to={recordPath(record.entity, record.id)} target="_blank">{record.title}</Link> : t("entry.unseen")}
          <span className="quiet small">
            {[...reasons, owner && record?.shown[owner.name] ? `${owner.label} ${record.shown[owner.name]}` : ""].filter(Boolean).join(" · ")}
          </span>
        </li>
      ))}
    </ul>
  );
}
