import { CheckCircleFilled, ClockCircleOutlined, CloseCircleFilled, MinusCircleOutlined } from "@ant-design/icons";
import { Button, Modal } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { asRefusal } from "../../api/problem";
import { isDead, isLive, useRun, useRunWays, type RunRead, type RunStep } from "../../api/runs";
import { useTitles } from "../../api/titles";
import { recordPath } from "../../app/paths";
import { may, useSay, useSurroundings } from "../../app/session";
import { useToast } from "../../app/toast";
import { saySpan } from "../../format/moment";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { NotFound } from "../../widgets/NotFound";
import { Notes } from "../../widgets/Notes";
import { PageHead } from "../../widgets/PageHead";
import { Splash } from "../../widgets/Splash";
import { StateTag } from "../../widgets/StateTag";
import { RetryDialog } from "./RetryDialog";
import { runTone, runWords, sayMs, stepWords } from "./runWords";
import "./runs.css";

/** One run: what set it off, each step with its value, time and place, and what can be done about it. */
export default function RunPage() {
  const { id = "" } = useParams();
  const { t } = useLanguage();
  const found = useRun(Number(id));
  if (found.isPending) return <Splash inPage />;
  if (!found.data) return asRefusal(found.error).status === 404 ? <NotFound title={t("runs.gone")} /> : <Failure error={found.error} onRetry={() => void found.refetch()} />;
  return <OneRun run={found.data} />;
}

function OneRun({ run }: { run: RunRead }) {
  const { t, language } = useLanguage();
  const { session, model } = useSurroundings();
  const say = useSay();
  const toast = useToast();
  const ways = useRunWays();
  const title = useTitles([run])(run.entity, run.record);
  const [retrying, setRetrying] = useState(false);
  const [ending, setEnding] = useState(false);
  const mends = may(session, "configure");
  const entity = model.entities[run.entity ?? ""];
  const took = run.ended_at ? Date.parse(run.ended_at) - Date.parse(run.at) : null;

  const end = async () => {
    setEnding(false);
    try {
      await ways.end(run.id);
      toast.say(t("runs.ended"));
    } catch (error) {
      toast.warn(asRefusal(error).message);
    }
  };

  return (
    <div className="narrow run-page">
      {may(session, "audit") || mends ? <Link className="small" to="/runs">{t("runs.title")}</Link> : null}
      <PageHead title={run.label} note={<StateTag label={runWords(run.state, t)} color={runTone(run.state)} />}>
        {mends && isDead(run) && <Button type="primary" onClick={() => setRetrying(true)}>{t("runs.retry")}</Button>}
        {mends && isLive(run) && <Button danger onClick={() => setEnding(true)}>{t("runs.end")}</Button>}
      </PageHead>
      <Notes tone="bad" lines={run.reason ? [run.reason] : []} />
      <dl className="run-facts">
        {run.entity && run.record && <Fact label={entity?.label ?? run.entity}><Link to={recordPath(run.entity, run.record)}>{title ?? `#${run.record}`}</Link></Fact>}
        <Fact label={t("runs.began")}><time dateTime={run.at}>{say.fully(run.at)}</time></Fact>
        {took !== null && <Fact label={t("runs.took")}>{took < 60_000 ? sayMs(took) : saySpan(took, language)}</Fact>}
        {run.due && <Fact label={t("runs.goesOn")}><time dateTime={run.due}>{say.fully(run.due)}</time></Fact>}
        <Fact label={t("runs.rule")}><code>{run.where || run.trigger}</code></Fact>
        {run.revision !== null && <Fact label={t("nav.revisions")}>{t("rev.number", { n: run.revision })}</Fact>}
      </dl>
      <h2>{t("runs.steps")}</h2>
      {run.steps.length === 0 && <p className="quiet">{t("runs.noSteps")}</p>}
      <ol className="run-steps">
        {run.steps.map((step, at) => (
          <Step key={at} step={step} />
        ))}
        {run.step && isLive(run) && (
          <li className="run-step">
            <ClockCircleOutlined aria-hidden />
            <div>
              <strong>{stepWords(run.step.action, t)}</strong> <span className="quiet">{t("runs.now")}</span>
              <code className="run-where">{run.step.where}</code>
            </div>
          </li>
        )}
      </ol>
      {run.notes.length > 0 && (
        <>
          <h2>{t("runs.notes")}</h2>
          <ul className="run-notes">
            {run.notes.map((note, at) => (
              <li key={at}>
                {t(`runs.note.${["retried", "cancelled", "quarantined"].includes(note.kind) ? (note.kind as "retried" | "cancelled" | "quarantined") : "other"}`, { by: String(note.by ?? ""), kind: note.kind })}
                <time className="quiet small" dateTime={note.at}> · {say.instant(note.at)}</time>
              </li>
            ))}
          </ul>
        </>
      )}
      {retrying && <RetryDialog run={run} onClose={() => setRetrying(false)} />}
      <Modal open={ending} title={t("runs.endAsk")} okText={t("runs.end")} okButtonProps={{ danger: true }} onOk={() => void end()} onCancel={() => setEnding(false)}>
        <p className="quiet">{t("runs.endHint")}</p>
      </Modal>
    </div>
  );
}

function Fact({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Step({ step }: { step: RunStep }) {
  const { t } = useLanguage();
  const say = useSay();
  const sign = step.failed || step.result === "failed" ? <CloseCircleFilled aria-hidden /> : step.result === "skipped" ? <MinusCircleOutlined aria-hidden /> : <CheckCircleFilled aria-hidden />;
  return (
    <li className={step.failed || step.result === "failed" ? "run-step run-step-bad" : step.result === "skipped" ? "run-step" : "run-step run-step-good"}>
      {sign}
      <div>
        <span className="run-line">
          <strong>{stepWords(step.step, t)}</strong>
          {step.attempt !== undefined && step.attempt > 1 && <span className="chip">{t("runs.attempt", { n: step.attempt })}</span>}
          {step.result === "skipped" && <span className="quiet">{t("why.skipped")}</span>}
          <span className="quiet small run-took">
            <time dateTime={step.at} title={say.fully(step.at)}>{say.instant(step.at)}</time>
            {step.ms !== undefined && ` · ${sayMs(step.ms)}`}
          </span>
        </span>
        {step.failed && <p className="run-why">{step.failed}</p>}
        {step.again && <p className="small quiet">{t("runs.again", { time: say.instant(step.again) })}</p>}
        {step.until && <p className="small quiet">{t("runs.until", { time: say.instant(step.until) })}</p>}
        {step.value !== undefined && step.value !== null && (
          <details className="small">
            <summary>{t("runs.value")}</summary>
            <pre>{JSON.stringify(step.value, null, 2)}</pre>
          </details>
        )}
        {step.where && <code className="run-where">{step.where}</code>}
      </div>
    </li>
  );
}
