import { useId } from "react";
import { useLanguage } from "../i18n/language";
import { FieldInput, type FieldInputProps } from "./FieldInput";

interface Props extends Omit<FieldInputProps, "id" | "describedBy"> {
  required?: boolean;
  wrong?: string;
}

/** One question of a form: label, input, help and what is wrong with it, tied together for screen readers. */
export function Asked({ required, wrong, ...input }: Props) {
  const { t } = useLanguage();
  const id = useId();
  const { field } = input;
  const said = [wrong ? `${id}-wrong` : "", field.help ? `${id}-help` : ""].filter(Boolean).join(" ");
  return (
    <div className="asked" data-field={field.name}>
      <label htmlFor={id}>
        {field.label}
        {required && (
          <>
            <span className="asked-mark-required" aria-hidden>*</span>
            <span className="unseen">{t("entry.required")}</span>
          </>
        )}
      </label>
      <FieldInput {...input} field={{ ...field, required }} id={id} invalid={Boolean(wrong)} describedBy={said || undefined} />
      {wrong && <p id={`${id}-wrong`} className="asked-wrong">{wrong}</p>}
      {field.help && <p id={`${id}-help`} className="asked-help">{field.help}</p>}
    </div>
  );
}
