import { Button, Popconfirm } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { asRefusal } from "../../api/problem";
import { usePaused, useRunWays, type PausedRule } from "../../api/runs";
import { useTitles } from "../../api/titles";
import { recordPath } from "../../app/paths";
import { may, useSay, useSurroundings } from "../../app/session";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { PageHead } from "../../widgets/PageHead";
import { Rows } from "../../widgets/Rows";
import "./runs.css";

/** The rules that were paused together, because they go round in one circle. */
function circles(all: PausedRule[]): PausedRule[][] {
  const keyOf = (one: PausedRule) => `${one.at} ${one.chain}`;
  return [...new Set(all.map(keyOf))].map((key) => all.filter((one) => keyOf(one) === key));
}

/** Rules that led back to themselves and were paused: each circle, who set it off, and letting its rules run again. */
export default function PausedPage() {
  const { t } = useLanguage();
  const found = usePaused();
  const all = found.data ?? [];
  const titleOf = useTitles(all);
  return (
    <div className="runs">
      <Link to="/runs" className="quiet small">‹ {t("runs.title")}</Link>
      <PageHead title={t("paused.title")} note={t("paused.lead")} />
      <Rows found={found} rows={circles(all)} none={t("paused.none")} hint={t("paused.noneHint")}>
        {(rules) => rules[0] && <Row key={rules[0].trigger} first={rules[0]} rules={rules} title={titleOf(rules[0].entity, rules[0].record)} />}
      </Rows>
    </div>
  );
}

interface RowProps {
  first: PausedRule;
  rules: PausedRule[];
  title: string | undefined;
}

function Row({ first, rules, title }: RowProps) {
  const { t } = useLanguage();
  const { session, model } = useSurroundings();
  const say = useSay();
  const toast = useToast();
  const ways = useRunWays();
  const [busy, setBusy] = useState(false);

  const resume = async () => {
    setBusy(true);
    try {
      await ways.resume(rules.map((rule) => rule.trigger));
      toast.say(t("paused.resumed", { label: rules.map((rule) => rule.label).join(t("paused.and")) }));
    } catch (error) {
      toast.warn(asRefusal(error).message);
      setBusy(false);
    }
  };
  return (
    <li className="run-row paused-row">
      <div className="run-main">
        <span className="run-line">
          {rules.map((rule) => (
            <Link key={rule.trigger} to={`/runs?trigger=${rule.trigger}`} className="run-name">{rule.label}</Link>
          ))}
        </span>
        <Circle one={first} />
        <span className="run-line quiet small">
          {first.entity && first.record && <Link to={recordPath(first.entity, first.record)}>{title ?? `${model.entities[first.entity]?.label ?? first.entity} #${first.record}`}</Link>}
          <span>{first.by ? t("paused.by", { name: first.by }) : t("paused.byNobody")}</span>
          <time dateTime={first.at} title={say.fully(first.at)}>{t("paused.since", { time: say.instant(first.at) })}</time>
        </span>
      </div>
      {may(session, "configure") && (
        <Popconfirm title={t("paused.ask")} description={t("paused.askHint")} okText={t("paused.resume")} cancelText={t("app.cancel")} onConfirm={() => void resume()}>
          <Button loading={busy}>{t("paused.resume")}</Button>
        </Popconfirm>
      )}
    </li>
  );
}

/** The way into the circle, and the circle itself, which ends where it began. */
function Circle({ one }: { one: PausedRule }) {
  const { t } = useLanguage();
  const first = one.round[0];
  const round = first ? [...one.round, first] : [];
  return (
    <ol className="paused-chain" aria-label={t("paused.chain")}>
      {one.into.map((rule) => (
        <li key={rule.trigger}>{rule.label}</li>
      ))}
      {round.map((rule, at) => (
        <li key={at} className="paused-round">{rule.label}</li>
      ))}
    </ol>
  );
}
