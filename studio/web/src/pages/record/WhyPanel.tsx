import { CheckCircleFilled, MinusCircleOutlined } from "@ant-design/icons";
import { useWhy } from "../../api/queries";
import type { Json, RecordShape, RunTrace } from "../../api/types";
import { useSay } from "../../app/session";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { Promises } from "../../widgets/Promises";
import { ScoreCard } from "../../widgets/ScoreCard";
import { Splash } from "../../widgets/Splash";

/** Why it is as it is: the owner's score card, the promises, and each rule with what held and what did not. */
export function WhyPanel({ record }: { record: RecordShape }) {
  const { t } = useLanguage();
  const why = useWhy(record.entity, record.id, true);
  if (why.isPending) return <Splash inPage />;
  if (why.isError) return <Failure error={why.error} onRetry={() => void why.refetch()} />;
  const { owner, promises, runs } = why.data;
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
        {runs.map((run, at) => (
          <Run key={`${run.trigger}:${at}`} run={run} />
        ))}
      </section>
    </div>
  );
}

function Run({ run }: { run: RunTrace }) {
  const { t } = useLanguage();
  const say = useSay();
  return (
    <div className="run">
      <p className="run-head">
        <strong>{run.label || run.trigger}</strong>
        <time className="quiet small" dateTime={run.at}>{say.instant(run.at)}</time>
      </p>
      <ul>
        {run.conditions.map((condition) => (
          <li key={condition.text} className={condition.holds ? "holds" : "fails"}>
            {condition.holds ? <CheckCircleFilled aria-hidden /> : <MinusCircleOutlined aria-hidden />}
            <span>
              <code>{condition.text}</code> {t(condition.holds ? "why.holds" : "why.fails")}
              {!condition.holds && typeof condition.value !== "boolean" && <span className="quiet">（{t("why.was", { value: plain(condition.value, t("time.empty")) })}）</span>}
            </span>
          </li>
        ))}
        {run.steps.map((step, at) => (
          <li key={at}>
            <span className="run-step">{typeof step === "string" ? step : (step.label ?? step.result)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

const plain = (value: Json, empty: string) => (value === null ? empty : typeof value === "object" ? JSON.stringify(value) : String(value));
