import { InputNumber, Select } from "antd";
import type { ImportWhole } from "../../api/imports";
import type { FieldModel } from "../../api/types";
import { useLanguage } from "../../i18n/language";
import { byColumn, placed } from "./words";

interface Props {
  now: ImportWhole;
  fields: FieldModel[];
  /** field: column */
  map: Record<string, string>;
  busy: boolean;
  onMap: (map: Record<string, string>) => void;
  onRead: (how: { sheet?: string; heading?: number }) => void;
}

/** Every column with some of its cells, and the field it goes into. */
export function Columns({ now, fields, map, busy, onMap, onRead }: Props) {
  const { t } = useLanguage();
  const { found, plan } = now;
  const chosen = byColumn(map);
  const sheets = found.sheets ?? [];
  const options = [
    { value: "", label: t("imp.skip") },
    ...fields.map((field) => ({ value: field.name, label: field.required ? `${field.label} *` : field.label })),
  ];
  return (
    <section className="panel" aria-busy={busy}>
      <div className="import-columns-head">
        <h2 className="import-h">{t("imp.columns")}</h2>
        <span className="quiet small">{t("imp.columnsHint")}</span>
        <div className="import-read">
          {sheets.length > 1 && (
            <label>
              <span className="quiet small">{t("imp.sheet")}</span>
              <Select value={found.sheet} disabled={busy} options={sheets.map((name) => ({ value: name, label: name }))} onChange={(sheet: string) => onRead({ sheet })} popupMatchSelectWidth={false} />
            </label>
          )}
          <label>
            <span className="quiet small">{t("imp.heading")}</span>
            <InputNumber min={1} max={100} precision={0} value={found.heading} disabled={busy} onChange={(heading) => heading !== null && heading !== found.heading && onRead({ heading })} />
          </label>
        </div>
      </div>
      <ul className="import-columns">
        {found.columns.map((column) => {
          const field = chosen[column.name] ?? "";
          const why = field && plan.map[field] === column.name ? found.why[field] : undefined;
          return (
            <li key={column.name} className={field ? "import-column" : "import-column import-skipped"}>
              <div className="import-column-what">
                <strong className="clip" title={column.name}>{column.name}</strong>
                <span className="quiet small clip">{column.samples.length > 0 ? column.samples.join(" · ") : t("imp.noSamples")}</span>
              </div>
              <Select
                aria-label={t("imp.fieldFor", { column: column.name })}
                showSearch={{ optionFilterProp: "label" }}
                value={field}
                options={options}
                onChange={(next: string) => onMap(placed(map, column.name, next))}
              />
              <span className="quiet small import-why">{why && t(`imp.why.${why}`)}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
