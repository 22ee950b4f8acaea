import { Checkbox, Radio, Select } from "antd";
import type { Plan, PlanChoices } from "../../api/plan";
import { spoken } from "../../api/problem";
import { useLanguage } from "../../i18n/language";
import { PlanFlights } from "./PlanFlights";
import { TellTemplate } from "./TellTemplate";

interface Props {
  plan: Plan;
  choices: PlanChoices;
  onChange: (choices: PlanChoices) => void;
}

/** Whether every question of the plan has its answer. */
export function answered(plan: Plan, choices: PlanChoices): boolean {
  const moved = plan.leaving.every((one) => choices.moves?.[`${one.machine}.${one.state}`]);
  const flights = plan.runs.every((one) => choices.runs?.[one.trigger]) && plan.approvals.every((one) => one.choices.length === 0 || choices.approvals?.[one.name]);
  return moved && flights && (plan.clocks.length === 0 || choices.timers !== undefined) && (plan.lossy.length === 0 || choices.allow_lossy === true);
}

/** What the publisher must decide first: running clocks, records of states that go away, runs and approvals under way, content that would be lost. */
export function PlanQuestions({ plan, choices, onChange }: Props) {
  const { t } = useLanguage();
  return (
    <>
      {plan.clocks.length > 0 && (
        <fieldset className="ask-section">
          <legend>{t("rev.timers", { n: plan.clocks.length })}</legend>
          <Radio.Group
            className="plan-ways"
            value={choices.timers}
            options={[
              { value: "change", label: t("rev.timersChange") },
              { value: "keep", label: t("rev.timersKeep") },
            ]}
            onChange={(event) => onChange({ ...choices, timers: event.target.value as PlanChoices["timers"] })}
          />
        </fieldset>
      )}
      {plan.leaving.map((one) => {
        const key = `${one.machine}.${one.state}`;
        return (
          <fieldset key={key} className="ask-section">
            <legend>{t("rev.moves", { state: one.label, n: one.count })}</legend>
            <Select
              aria-label={one.label}
              placeholder={t("field.pick")}
              style={{ minWidth: 200 }}
              value={choices.moves?.[key]}
              options={one.into.map((state) => ({ value: state.name, label: state.label }))}
              onChange={(state: string) => onChange({ ...choices, moves: { ...choices.moves, [key]: state } })}
            />
          </fieldset>
        );
      })}
      <PlanFlights plan={plan} choices={choices} onChange={onChange} />
      {(plan.templates ?? []).map((one) => (
        <TellTemplate key={one.name} one={one} choices={choices} onChange={onChange} />
      ))}
      {plan.lossy.length > 0 && (
        <fieldset className="ask-section">
          <ul className="plan-lines">
            {plan.lossy.map((line, at) => (
              <li key={at}>{spoken(line)}</li>
            ))}
          </ul>
          <Checkbox checked={choices.allow_lossy ?? false} onChange={(event) => onChange({ ...choices, allow_lossy: event.target.checked })}>
            {t("rev.lossy")}
          </Checkbox>
        </fieldset>
      )}
    </>
  );
}
