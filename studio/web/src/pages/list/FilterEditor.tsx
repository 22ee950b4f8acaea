import { Button, Checkbox, Input, InputNumber } from "antd";
import { useState } from "react";
import type { EntityModel, FieldModel } from "../../api/types";
import { useSurroundings } from "../../app/session";
import { DateInput } from "../../fields/TimeInputs";
import { LinkInput } from "../../fields/LinkInput";
import { choicesOf, targetOf } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import { filterWay, type Filter } from "./asked";

type Plain = Omit<Filter, "field">;

interface Props {
  entity: EntityModel;
  field: FieldModel;
  filters: Filter[];
  onDone: (next: Plain[]) => void;
}

const valueOf = (filters: Filter[], ...ops: string[]) => filters.find((filter) => ops.includes(filter.op))?.value ?? "";

/** What one field must be: some of its choices, a span, or words in it; or that it is empty. */
export function FilterEditor({ entity, field, filters, onDone }: Props) {
  const { t } = useLanguage();
  const way = filterWay(field);
  const [chosen, setChosen] = useState<string[]>(valueOf(filters, "in", "eq").split(",").filter(Boolean));
  const [low, setLow] = useState(valueOf(filters, "ge"));
  const [high, setHigh] = useState(valueOf(filters, "le"));
  const [words, setWords] = useState(valueOf(filters, "contains"));
  const [empty, setEmpty] = useState(valueOf(filters, "empty") === "true");

  const done = () => {
    if (empty) return onDone([{ op: "empty", value: "true" }]);
    if (way === "choice") return onDone(chosen.length ? [{ op: "in", value: chosen.join(",") }] : []);
    if (way === "words") return onDone(words.trim() ? [{ op: "contains", value: words.trim() }] : []);
    onDone([...(low ? [{ op: "ge", value: low }] : []), ...(high ? [{ op: "le", value: high }] : [])]);
  };

  return (
    <form
      className="filter-form"
      onSubmit={(event) => {
        event.preventDefault();
        done();
      }}
    >
      {!empty && way === "choice" && <Choices entity={entity} field={field} chosen={chosen} onChange={setChosen} />}
      {!empty && way === "words" && <Input autoFocus value={words} aria-label={t("list.contains")} placeholder={t("list.contains")} onChange={(event) => setWords(event.target.value)} />}
      {!empty && way === "span" && (
        <div className="filter-span">
          <SpanEnd field={field} label={t("list.from")} value={low} onChange={setLow} />
          <SpanEnd field={field} label={t("list.to")} value={high} onChange={setHigh} />
        </div>
      )}
      <Checkbox checked={empty} onChange={(event) => setEmpty(event.target.checked)}>
        {t("list.isEmpty")}
      </Checkbox>
      <Button type="primary" htmlType="submit">
        {t("list.apply")}
      </Button>
    </form>
  );
}

interface ChoicesProps {
  entity: EntityModel;
  field: FieldModel;
  chosen: string[];
  onChange: (next: string[]) => void;
}

function Choices({ entity, field, chosen, onChange }: ChoicesProps) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  if (targetOf(field)) {
    return (
      <LinkInput
        entity={entity.name}
        field={{ ...field, type: "links", to: targetOf(field) ?? undefined }}
        value={chosen.map(Number)}
        onChange={(next) => onChange(Array.isArray(next) ? next.map(String) : [])}
      />
    );
  }
  const options =
    field.type === "yes_no"
      ? [{ value: "true", label: t("field.yes") }, { value: "false", label: t("field.no") }]
      : choicesOf(model, entity.name, field).map((choice) => ({ value: choice.name, label: choice.label }));
  return <Checkbox.Group className="filter-choices" value={chosen} options={options} onChange={onChange} />;
}

interface EndProps {
  field: FieldModel;
  label: string;
  value: string;
  onChange: (next: string) => void;
}

function SpanEnd({ field, label, value, onChange }: EndProps) {
  return (
    <label>
      {label}
      {field.type === "date" || field.type === "datetime" ? (
        <DateInput value={value} onChange={(next) => onChange(next ?? "")} />
      ) : (
        <InputNumber value={value === "" ? null : Number(value)} onChange={(next) => onChange(next === null ? "" : String(next))} />
      )}
    </label>
  );
}
