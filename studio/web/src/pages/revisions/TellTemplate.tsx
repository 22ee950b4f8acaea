import { Input, Radio } from "antd";
import type { Plan, PlanChoices } from "../../api/plan";
import { useLanguage } from "../../i18n/language";

interface Props {
  one: NonNullable<Plan["templates"]>[number];
  choices: PlanChoices;
  onChange: (choices: PlanChoices) => void;
}

/** Names that are written out. */
const NAMED = 5;

/** Whether those who send by a template are told that it is another one now, and in which words. */
export function TellTemplate({ one, choices, onChange }: Props) {
  const { t } = useLanguage();
  const chosen = choices.tell?.[one.name];
  const set = (to: string) => {
    const { [one.name]: _, ...others } = choices.tell ?? {};
    onChange({ ...choices, tell: to === "nobody" ? others : { ...others, [one.name]: { ...chosen, to: to as "senders" | "everybody" } } });
  };
  const named = one.senders.slice(0, NAMED).join(t("file.and"));
  return (
    <fieldset className="ask-section tell-template">
      <legend>{t("tell.ask", { label: one.label })}</legend>
      <Radio.Group
        value={chosen?.to ?? "nobody"}
        options={[
          { value: "nobody", label: t("tell.nobody") },
          { value: "senders", label: one.senders.length > NAMED ? t("tell.sendersMore", { names: named, n: one.senders.length }) : t("tell.senders", { names: named || t("tell.none") }), disabled: one.senders.length === 0 },
          { value: "everybody", label: t("tell.everybody", { n: one.everybody }) },
        ]}
        onChange={(event) => set(String(event.target.value))}
      />
      {chosen && (
        <Input.TextArea
          value={chosen.note ?? ""}
          maxLength={1000}
          autoSize={{ minRows: 2, maxRows: 6 }}
          aria-label={t("tell.note")}
          placeholder={t("tell.note")}
          onChange={(event) => onChange({ ...choices, tell: { ...choices.tell, [one.name]: { ...chosen, note: event.target.value } } })}
        />
      )}
    </fieldset>
  );
}
