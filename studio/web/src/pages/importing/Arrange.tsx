import { Button, Checkbox, Select } from "antd";
import { useState } from "react";
import { useImportWays, type ImportWhole } from "../../api/imports";
import { asRefusal, spoken } from "../../api/problem";
import type { Json } from "../../api/types";
import { useSay, useSurroundings } from "../../app/session";
import { isEmpty } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import { Blank } from "../../widgets/Blank";
import { Notes } from "../../widgets/Notes";
import { Columns } from "./Columns";
import { Counts } from "./Counts";
import { Everywhere } from "./Everywhere";
import { RowsToSee } from "./RowsToSee";
import { plain } from "./words";

/** Before anything is written: which column goes where, what every row gets, the check, and what it found. */
export function Arrange({ now }: { now: ImportWhole }) {
  const { t } = useLanguage();
  const say = useSay();
  const { model } = useSurroundings();
  const ways = useImportWays(now.number);
  const [map, setMap] = useState(now.plan.map);
  const [set, setSet] = useState<Record<string, Json>>(now.plan.set);
  const [matchOn, setMatchOn] = useState(now.plan.match_on);
  const [again, setAgain] = useState(false);
  const [busy, setBusy] = useState("");
  const [wrong, setWrong] = useState<string[]>([]);
  const fields = (model.entities[now.entity]?.fields ?? []).filter((field) => now.fields.includes(field.name));
  const constants = Object.fromEntries(Object.entries(set).filter(([, value]) => !isEmpty(value)));
  const missing = fields.filter((field) => field.required && !map[field.name] && !(field.name in constants));
  const plan = { map, set: constants, match_on: matchOn.filter((name) => map[name] ?? constants[name]) };
  const same = JSON.stringify(plan) === JSON.stringify(now.plan);
  const checked = now.state === "checked" && same;
  const good = now.counts.created + now.counts.matched;

  const run = async (what: string, work: () => Promise<unknown>) => {
    setBusy(what);
    setWrong([]);
    try {
      await work();
    } catch (error) {
      const refusal = asRefusal(error);
      setWrong(refusal.problems.length > 0 ? refusal.problems.map(spoken) : [refusal.message]);
    } finally {
      setBusy("");
    }
  };
  const read = (how: { sheet?: string; heading?: number }) =>
    run("read", async () => {
      const next = await ways.arrange(how);
      setMap(next.plan.map);
    });
  const check = () =>
    run("check", async () => {
      await ways.arrange(plan);
      await ways.go("check");
    });

  const how = (
    <>
      <Columns now={now} fields={fields} map={map} busy={busy === "read"} onMap={setMap} onRead={(how) => void read(how)} />
      <Everywhere entity={now.entity} fields={fields.filter((field) => !map[field.name])} set={set} onChange={setSet} />
      {now.may_update && (
        <section className="panel">
          <h2 className="import-h">{t("imp.match")}</h2>
          <p className="quiet small">{t("imp.matchHint")}</p>
          <Select
            mode="multiple"
            className="import-match"
            aria-label={t("imp.matchLabel")}
            placeholder={t("imp.matchPick")}
            value={plan.match_on}
            options={fields.filter((field) => map[field.name]).map((field) => ({ value: field.name, label: field.label }))}
            onChange={setMatchOn}
          />
        </section>
      )}
    </>
  );
  const report = checked && (
    <>
      <section className="panel" aria-label={t("imp.wouldBe")}>
        <h2 className="import-h">{t("imp.wouldBe")}</h2>
        <Counts of={now} />
      </section>
      {now.counts.bad + now.counts.twins > 0 ? <RowsToSee now={now} /> : <Blank title={t("imp.allGood")} hint={t("imp.allGoodHint")} />}
    </>
  );

  return (
    <>
      {now.before && (
        <div className="notes notes-warn import-before">
          <div>
            <p>{t("imp.before", { at: say.instant(now.before.at), by: now.before.by, ...plain(now.before.counts) })}</p>
            <Checkbox checked={again} onChange={(event) => setAgain(event.target.checked)}>{t("imp.again")}</Checkbox>
          </div>
        </div>
      )}
      {now.state === "checked" ? (
        <>
          {report}
          <details className="import-how">
            <summary>{t("imp.how", { n: Object.keys(map).length, of: now.found.columns.length })}</summary>
            {how}
          </details>
        </>
      ) : (
        how
      )}
      {missing.length > 0 && <Notes tone="warn" lines={[t("imp.missing", { labels: missing.map((field) => field.label).join(t("appr.and")) })]} />}
      <Notes tone="bad" lines={wrong} />
      <div className="import-foot">
        {checked && (
          <Button type="primary" disabled={good === 0 || (now.before !== null && !again)} loading={busy === "start"} onClick={() => void run("start", () => ways.go("start", { again }))}>
            {good === 0 ? t("imp.startNone") : t("imp.start", { n: good.toLocaleString("en-US") })}
          </Button>
        )}
        <Button type={checked ? "default" : "primary"} disabled={Object.keys(map).length === 0} loading={busy === "check"} onClick={() => void check()}>
          {t(now.state === "checked" ? "imp.checkAgain" : "imp.check")}
        </Button>
        <span className="quiet small">{checked && now.counts.bad > 0 ? t("imp.badStay", { n: now.counts.bad.toLocaleString("en-US") }) : !checked && t("imp.checkHint")}</span>
      </div>
    </>
  );
}
