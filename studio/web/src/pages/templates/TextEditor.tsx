import { Input } from "antd";
import { useId } from "react";
import type { Mistake, TemplateText } from "../../api/templates";
import { useLanguage } from "../../i18n/language";

interface Props {
  text: TemplateText;
  value: string;
  mistakes: Mistake[];
  onChange: (value: string) => void;
}

/** One text of a template; what is wrong with it stands below, with its line and a caret under the sign that is meant. */
export function TextEditor({ text, value, mistakes, onChange }: Props) {
  const { t } = useLanguage();
  const id = useId();
  const status = mistakes.length > 0 ? "error" : undefined;
  return (
    <div className="template-text">
      <label htmlFor={id}>{text.label}</label>
      {text.short && !value.includes("\n") ? (
        <Input id={id} value={value} status={status} spellCheck={false} aria-describedby={`${id}-wrong`} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <Input.TextArea id={id} value={value} status={status} className={text.html ? "template-code" : undefined} spellCheck={false} autoSize={{ minRows: 3, maxRows: 24 }} aria-describedby={`${id}-wrong`} onChange={(event) => onChange(event.target.value)} />
      )}
      <div id={`${id}-wrong`} aria-live="polite">
        {mistakes.map((one, at) => (
          <div key={at} className="template-mistake">
            <p>
              {one.line !== undefined && <span className="template-place">{t("tpl.place", { line: one.line, column: one.column ?? 1 })}</span>} {one.message}
            </p>
            {one.line !== undefined && <pre aria-hidden>{caret(value, one.line, one.column ?? 1)}</pre>}
            {one.fix && <p className="quiet small">{one.fix}</p>}
          </div>
        ))}
      </div>
    </div>
  );
}

/** The line, and a caret under its sign: wide signs take a wide space. */
export function caret(value: string, line: number, column: number): string {
  const written = value.split("\n")[line - 1] ?? "";
  const from = Math.max(0, column - 40);
  const before = [...written.slice(from, column - 1)].map((sign) => (sign.charCodeAt(0) > 0x2e7f ? "\u3000" : " "));
  return `${written.slice(from, from + 90)}\n${before.join("")}^`;
}
