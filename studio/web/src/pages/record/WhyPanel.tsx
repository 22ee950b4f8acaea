import { CheckCircleFilled, CloseCircleFilled, MinusCircleOutlined, RightCircleOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useWhy } from "../../api/queries";
import type { EntityModel, RecordShape, RunTrace } from "../../api/types";
import { useSay, useSurroundings } from "../../app/session";
import { Link } from "react-router";
import { useLanguage } from "../../i18n/language";
import type { Word } from "../../i18n/zh";
import { Failure } from "../../widgets/Failure";
import { Promises } from "../../widgets/Promises";
import { ScoreCard } from "../../widgets/ScoreCard";
import { Splash } from "../../widgets/Splash";
import { stepWords } from "../runs/runWords";
import { conditionWords } from "./conditionWords";

/** Runs of rules shown at once. */
const RUNS = 10;
const OUTCOMES: Record<string, Word> = { done: "why.runDone", failed: "why.runFailed", quarantined: "why.runFailed", waiting: "runs.state.waiting", queued: "runs.state.queued" };

/** Why it is as it is: the owner's score card, the promises, and each rule with what held and what did not. */
export function WhyPanel({ record }: { record: RecordShape }) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const why = useWhy(record.entity, record.id, true);
  const [all, setAll] = useState(false);
  if (why.isPending) return <Splash inPage />;
  if (why.isError) return <Failure error={why.error} onRetry={() => void why.refetch()} />;
  const { owner, promises, runs } = why.data;
  const shown = all ? runs : runs.slice(0, RUNS);
  return (
    <div className="why">
      {owner && owner.candidates.length > 0 ? (
        <ScoreCard why={owner} />
      ) : (
        <section>
          <h3>{t("why.ownerNone")}</h3>
          <p className="quiet">{t("why.ownerNoneHint")}</p>
        </section>
      )}
      <section>
        <h3>{t("why.promises")}</h3>
        {promises.length > 0 ? <Promises promises={promises} all /> : <p className="quiet">{t("why.noPromises")}</p>}
      </section>
      <section>
        <h3>{t("why.runs")}</h3>
        {runs.length === 0 && <p className="quiet">{t("why.noRuns")}</p>}
        {shown.map((run, at) => (
          <Run key={`${run.trigger}:${at}`} run={run} entity={model.entities[record.entity]} />
        ))}
        {runs.length > shown.length && <Button onClick={() => setAll(true)}>{t("time.earlier", { n: runs.length - shown.length })}</Button>}
      </section>
    </div>
  );
}

function Run({ run, entity }: { run: RunTrace; entity: EntityModel | undefined }) {
  const { t } = useLanguage();
  const say = useSay();
  return (
    <div className="run">
      <p className="run-head">
        <strong>{run.id ? <Link to={`/runs/${run.id}`}>{run.label || run.trigger}</Link> : run.label || run.trigger}</strong>
        <span className={run.state === "failed" ? "chip run-bad" : "chip"}>{t(OUTCOMES[run.state] ?? "why.runNot")}</span>
        <time className="quiet small" dateTime={run.at}>{say.instant(run.at)}</time>
      </p>
      {run.reason && <p className="run-reason">{run.reason}</p>}
      <ul>
        {run.conditions.map((condition) => (
          <li key={condition.text} className={condition.holds ? "holds" : "fails"}>
            {condition.holds ? <CheckCircleFilled aria-hidden /> : <MinusCircleOutlined aria-hidden />}
            <span>
              <code>{condition.text}</code> {t(condition.holds ? "why.holds" : "why.fails")}
              <span className="quiet small run-looked">{conditionWords(entity, condition.value, t)}</span>
            </span>
          </li>
        ))}
        {run.steps.map((step, at) => (
          <li key={at} className={step.failed ? "failed" : step.skipped ? "fails" : "holds"}>
            {step.failed ? <CloseCircleFilled aria-hidden /> : step.skipped ? <MinusCircleOutlined aria-hidden /> : <RightCircleOutlined aria-hidden />}
            <span>
              {stepWords(step.step, t)}
              {step.skipped && <span className="quiet"> · {t("why.skipped")}</span>}
              {step.failed && <span> · {step.failed}</span>}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
