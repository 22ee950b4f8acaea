import { Input, InputNumber, Select } from "antd";
import type { FileShape } from "../api/files";
import type { FieldModel, Json } from "../api/types";
import { useSurroundings } from "../app/session";
import { useLanguage } from "../i18n/language";
import { FileInput } from "./FileInput";
import { AddressInput } from "./AddressInput";
import { LinkInput } from "./LinkInput";
import { MoneyInput } from "./MoneyInput";
import { DateInput, DateTimeInput, TimeInput } from "./TimeInputs";
import { choicesOf, targetOf } from "./shape";

export interface FieldInputProps {
  id?: string;
  entity: string;
  field: FieldModel;
  value: Json | undefined;
  onChange: (value: Json) => void;
  invalid?: boolean;
  describedBy?: string;
  autoFocus?: boolean;
  /** Titles of what a link already points to, by id. */
  titles?: Record<number, string>;
  placeholder?: string;
  /** What a file field holds already. */
  file?: FileShape;
}

const text = (value: Json | undefined) => (value === null || value === undefined ? "" : String(value));
const KEYBOARDS: Record<string, "tel" | "email" | "url" | "text"> = { phone: "tel", email: "email", url: "url" };

/** The right input for a field's type. */
export function FieldInput(props: FieldInputProps) {
  const { id, entity, field, value, onChange, invalid, describedBy, autoFocus } = props;
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const common = { id, autoFocus, status: invalid ? ("error" as const) : undefined, "aria-describedby": describedBy, "aria-invalid": invalid };

  if (targetOf(field)) return <LinkInput {...props} />;
  switch (field.type) {
    case "long_text":
      return <Input.TextArea {...common} value={text(value)} autoSize={{ minRows: 3, maxRows: 12 }} onChange={(event) => onChange(event.target.value || null)} />;
    case "integer":
    case "number":
    case "score":
      return (
        <InputNumber
          {...common}
          value={typeof value === "number" ? value : null}
          min={field.min}
          max={field.max}
          precision={field.type === "integer" ? 0 : undefined}
          inputMode={field.type === "integer" ? "numeric" : "decimal"}
          suffix={field.unit}
          onChange={(next) => onChange(next)}
        />
      );
    case "money":
      return <MoneyInput {...common} value={value} min={field.min} onChange={onChange} />;
    case "yes_no":
    case "choice":
    case "state":
    case "choices": {
      const choices =
        field.type === "yes_no"
          ? [{ value: "true", label: t("field.yes") }, { value: "false", label: t("field.no") }]
          : choicesOf(model, entity, field).map((choice) => ({ value: choice.name, label: choice.label }));
      const many = field.type === "choices";
      const now = many ? (Array.isArray(value) ? value.map(String) : []) : value === null || value === undefined ? undefined : String(value);
      return (
        <Select
          {...common}
          mode={many ? "multiple" : undefined}
          allowClear={!field.required}
          showSearch={choices.length > 8 ? { optionFilterProp: "label" } : false}
          placeholder={t("field.pick")}
          value={now}
          options={choices}
          onChange={(next: string | string[] | undefined) => onChange(field.type === "yes_no" ? (next === undefined ? null : next === "true") : (next ?? null))}
        />
      );
    }
    case "list":
      return (
        <Select
          {...common}
          mode="tags"
          open={false}
          suffixIcon={null}
          tokenSeparators={[",", "，", "、", ";", "；"]}
          placeholder={t("field.add")}
          value={Array.isArray(value) ? value.map(String) : []}
          onChange={(next: string[]) => onChange(next)}
        />
      );
    case "date":
      return <DateInput {...common} value={text(value)} onChange={onChange} />;
    case "datetime":
      return <DateTimeInput {...common} value={text(value)} onChange={onChange} />;
    case "time":
      return <TimeInput {...common} value={text(value)} onChange={onChange} />;
    case "file":
    case "image":
      return <FileInput id={id} entity={entity} field={field} value={value} known={props.file} invalid={invalid} describedBy={describedBy} onChange={onChange} />;
    case "address":
      return <AddressInput {...common} value={value} onChange={onChange} />;
    default:
      return (
        <Input
          {...common}
          value={text(value)}
          maxLength={field.max_length}
          inputMode={KEYBOARDS[field.type] ?? "text"}
          type={field.type === "phone" ? "tel" : "text"}
          autoComplete="off"
          placeholder={field.type === "duration" ? t("field.duration") : undefined}
          onChange={(event) => onChange(event.target.value || null)}
        />
      );
  }
}
