import type { KeyboardEvent } from "react";
import type { Choice } from "../api/types";

interface Props {
  label: string;
  choices: Choice[];
  value: string | null;
  wrong?: string;
  required?: boolean;
  onChange: (name: string | null) => void;
}

/** The one judgement of a form, as large buttons: a radio group that thumbs can hit. */
export function BigChoices({ label, choices, value, wrong, required, onChange }: Props) {
  const keyed = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = choices.findIndex((choice) => choice.name === value);
    const next = choices[(at + step + choices.length) % choices.length];
    if (!next) return;
    onChange(next.name);
    event.currentTarget.querySelectorAll("button")[choices.indexOf(next)]?.focus();
  };
  return (
    <div className="asked">
      <span className="asked-label">
        {label}
        {required && <span className="asked-mark-required" aria-hidden>*</span>}
      </span>
      <div className="big-choices" role="radiogroup" aria-label={label} onKeyDown={keyed}>
        {choices.map((choice, at) => (
          <button
            key={choice.name}
            type="button"
            role="radio"
            className="big-choice"
            aria-checked={choice.name === value}
            tabIndex={choice.name === value || (value === null && at === 0) ? 0 : -1}
            onClick={() => onChange(choice.name === value ? null : choice.name)}
          >
            {choice.label}
          </button>
        ))}
      </div>
      {wrong && <p className="asked-wrong">{wrong}</p>}
    </div>
  );
}
