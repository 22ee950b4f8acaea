import { PauseCircleOutlined } from "@ant-design/icons";
import { Checkbox, Segmented } from "antd";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { isDead, usePaused, useRuns, useRunWays, type RunFilter, type RunShape } from "../../api/runs";
import { useTitles } from "../../api/titles";
import { recordPath } from "../../app/paths";
import { may, useSay, useSurroundings } from "../../app/session";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { PageHead } from "../../widgets/PageHead";
import { PickBar, usePicked } from "../../widgets/Picking";
import { Rows } from "../../widgets/Rows";
import { StateTag } from "../../widgets/StateTag";
import { runTone, runWords, stepWords } from "./runWords";
import "../list/list.css";
import "./runs.css";

const FILTERS: RunFilter[] = ["all", "dead", "live", "done"];

/** What the rules did, the latest first; what stopped can be let go on, one or many. */
export default function RunsPage() {
  const { t } = useLanguage();
  const { session, model } = useSurroundings();
  const toast = useToast();
  const [search, setSearch] = useSearchParams();
  const filter = FILTERS.find((one) => one === search.get("state")) ?? "all";
  const trigger = search.get("trigger") ?? "";
  const record = search.get("record") ?? "";
  const found = useRuns(filter, trigger, record);
  const ways = useRunWays();
  const [busy, setBusy] = useState(false);
  const rows = found.data?.pages.flatMap((page) => page.items) ?? [];
  const titleOf = useTitles(rows);
  const mends = may(session, "configure");
  const picking = usePicked(mends ? rows.filter(isDead).map((run) => run.id) : []);
  const { picked } = picking;
  const paused = usePaused().data ?? [];

  const set = (key: string, value: string | null) => {
    const next = new URLSearchParams(search);
    if (value) next.set(key, value);
    else next.delete(key);
    setSearch(next, { replace: true });
    picking.clear();
  };
  const retry = async () => {
    setBusy(true);
    const done = await ways.retryAll(picked);
    setBusy(false);
    picking.clear();
    toast.say(t("runs.retried", { n: done }));
    if (done < picked.length) toast.warn(t("runs.notRetried", { n: picked.length - done }));
  };
  const [entity, number] = record.split("/");

  return (
    <div className="runs">
      <PageHead title={t("runs.title")} note={t("runs.lead")}>
        <Link to="/runs/paused" className={paused.length > 0 ? "paused-way paused-some" : "paused-way"}>
          <PauseCircleOutlined aria-hidden /> {paused.length > 0 ? t("paused.way", { n: paused.length }) : t("paused.title")}
        </Link>
      </PageHead>
      {!found.isError && <div className="list-tools">
        <Segmented aria-label={t("list.filter")} value={filter} options={FILTERS.map((one) => ({ value: one, label: t(`runs.filter.${one as "all" | "dead" | "live" | "done"}`) }))} onChange={(value) => set("state", value === "all" ? null : String(value))} />
        {trigger && <Chip text={rows.find((run) => run.trigger === trigger)?.label ?? trigger} onOff={() => set("trigger", null)} />}
        {record && <Chip text={titleOf(entity ?? "", Number(number)) ?? `${model.entities[entity ?? ""]?.label ?? entity} #${number}`} onOff={() => set("record", null)} />}
      </div>}
      <PickBar picking={picking} label={t("runs.pickAll", { n: picking.able.length })} none={t("runs.retryNone")} many={t("runs.retryMany", { n: picked.length })} busy={busy} onGo={() => void retry()} />
      <Rows found={found} rows={rows} none={t(filter === "dead" ? "runs.noneDead" : "runs.none")} hint={t("runs.noneHint")}>
        {(run) => (
          <RunRow
            key={run.id}
            run={run}
            title={titleOf(run.entity, run.record)}
            onTrigger={() => set("trigger", run.trigger)}
            chosen={isDead(run) ? picking.has(run.id) : undefined}
            onChosen={(on) => picking.set(run.id, on)}
          />
        )}
      </Rows>
    </div>
  );
}

function Chip({ text, onOff }: { text: string; onOff: () => void }) {
  const { t } = useLanguage();
  return (
    <span className="filter-chip">
      <span className="filter-say run-chip">{text}</span>
      <button className="filter-off" aria-label={t("list.removeFilter", { label: text })} onClick={onOff}>×</button>
    </span>
  );
}

interface RowProps {
  run: RunShape;
  title: string | undefined;
  chosen: boolean | undefined;
  onChosen: (on: boolean) => void;
  onTrigger: () => void;
}

function RunRow({ run, title, chosen, onChosen, onTrigger }: RowProps) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const say = useSay();
  const about = run.entity && run.record ? (title ?? `${model.entities[run.entity]?.label ?? run.entity} #${run.record}`) : "";
  return (
    <li className="run-row">
      {chosen !== undefined && <Checkbox checked={chosen} aria-label={t("runs.pick", { label: run.label })} onChange={(event) => onChosen(event.target.checked)} />}
      <div className="run-main">
        <span className="run-line">
          <Link to={`/runs/${run.id}`} className="run-name">{run.label}</Link>
          <StateTag label={runWords(run.state, t)} color={runTone(run.state)} />
        </span>
        <span className="run-line quiet small">
          {about && run.entity && run.record && (title ? <Link to={recordPath(run.entity, run.record)}>{about}</Link> : <span>{about}</span>)}
          <time dateTime={run.at} title={say.fully(run.at)}>{say.instant(run.at)}</time>
          {run.attempts > 1 && <span>{t("runs.attempts", { n: run.attempts })}</span>}
          <button className="plain-button small" onClick={onTrigger}>{t("runs.sameRule")}</button>
        </span>
        {run.reason && <span className="run-why">{run.reason}</span>}
        {run.due && <span className="small">{t("runs.due", { step: run.step ? stepWords(run.step.action, t) : "", time: say.instant(run.due) })}</span>}
      </div>
    </li>
  );
}
