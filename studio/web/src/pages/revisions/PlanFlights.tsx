import { Radio } from "antd";
import { Link } from "react-router";
import type { FlightChoice, Plan, PlanChoices } from "../../api/plan";
import { recordPath } from "../../app/paths";
import { useLanguage } from "../../i18n/language";

const SHOWN = 20;

interface Props {
  plan: Plan;
  choices: PlanChoices;
  onChange: (choices: PlanChoices) => void;
}

/** What is under way when its rule changes: each rule's runs and approvals with the records they are about, and what becomes of them. */
export function PlanFlights({ plan, choices, onChange }: Props) {
  const { t } = useLanguage();
  return (
    <>
      {plan.runs.map((one) => (
        <Ask
          key={one.trigger}
          text={one.text}
          chosen={choices.runs?.[one.trigger]}
          ways={one.choices.map((way) => ({ value: way, label: way === "change" && one.movable < one.count ? t("rev.runs.changeSome", { n: one.movable, all: one.count }) : t(`rev.runs.${way}`) }))}
          onChoose={(way) => onChange({ ...choices, runs: { ...choices.runs, [one.trigger]: way } })}
          items={one.items.map((each) => ({ key: each.run, entity: each.entity, record: each.record, title: each.title || one.label, note: t(`rev.standing.${each.standing}`) }))}
          count={one.count}
        />
      ))}
      {plan.approvals.map((one) => (
        <Ask
          key={one.name}
          text={one.text}
          chosen={choices.approvals?.[one.name]}
          ways={one.choices.map((way) => ({ value: way, label: t(way === "change" && one.how === "removed" ? "rev.approvals.free" : `rev.approvals.${way}`) }))}
          onChoose={(way) => onChange({ ...choices, approvals: { ...choices.approvals, [one.name]: way } })}
          items={one.items.map((each) => ({ key: each.id, entity: each.entity, record: each.record, title: each.title, note: "" }))}
          count={one.count}
        />
      ))}
    </>
  );
}

interface AskProps {
  text: string;
  chosen: FlightChoice | undefined;
  ways: { value: FlightChoice; label: string }[];
  onChoose: (way: FlightChoice) => void;
  items: { key: number; entity: string | null; record: number | null; title: string; note: string }[];
  count: number;
}

function Ask({ text, chosen, ways, onChoose, items, count }: AskProps) {
  const { t } = useLanguage();
  const shown = items.slice(0, SHOWN);
  return (
    <fieldset className="ask-section">
      <legend>{text}</legend>
      {ways.length > 0 && <Radio.Group className="plan-ways" value={chosen} options={ways} onChange={(event) => onChoose(event.target.value as FlightChoice)} />}
      <details className="plan-clocks">
        <summary>{t("rev.which")}</summary>
        <ul className="plan-lines small">
          {shown.map((one) => (
            <li key={one.key}>
              {one.entity && one.record ? <Link to={recordPath(one.entity, one.record)}>{one.title}</Link> : one.title}
              {one.note && <span className="quiet"> {one.note}</span>}
            </li>
          ))}
          {count > shown.length && <li className="quiet">{t("rev.moreClocks", { n: count - shown.length })}</li>}
        </ul>
      </details>
    </fieldset>
  );
}
