import { CloseOutlined } from "@ant-design/icons";
import { Select } from "antd";
import type { FieldModel, Json } from "../../api/types";
import { Asked } from "../../fields/Asked";
import { useLanguage } from "../../i18n/language";

interface Props {
  entity: string;
  /** Fields no column goes into. */
  fields: FieldModel[];
  set: Record<string, Json>;
  onChange: (set: Record<string, Json>) => void;
}

/** Values every row gets. */
export function Everywhere({ entity, fields, set, onChange }: Props) {
  const { t } = useLanguage();
  const asked = fields.filter((field) => field.name in set);
  const rest = fields.filter((field) => !(field.name in set));
  const without = (name: string) => Object.fromEntries(Object.entries(set).filter(([other]) => other !== name));
  return (
    <section className="panel">
      <h2 className="import-h">{t("imp.set")}</h2>
      <p className="quiet small">{t("imp.setHint")}</p>
      {asked.map((field) => (
        <div key={field.name} className="import-set">
          <Asked entity={entity} field={{ ...field, help: "" }} value={set[field.name]} onChange={(value) => onChange({ ...set, [field.name]: value })} />
          <button type="button" className="plain-button" aria-label={t("imp.setOff", { label: field.label })} onClick={() => onChange(without(field.name))}>
            <CloseOutlined aria-hidden />
          </button>
        </div>
      ))}
      <Select
        className="import-match"
        aria-label={t("imp.setAdd")}
        placeholder={t("imp.setAdd")}
        showSearch={{ optionFilterProp: "label" }}
        value={null}
        options={rest.map((field) => ({ value: field.name, label: field.label }))}
        onChange={(name: string | null) => name && onChange({ ...set, [name]: null })}
      />
    </section>
  );
}
