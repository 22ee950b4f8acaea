import type { Candidate, Factor, OwnerWhy } from "../api/types";
import { number } from "../format/amount";
import { useLanguage, type Speaker } from "../i18n/language";
import { zh, type Word } from "../i18n/zh";
import { Face } from "./Face";
import "./scorecard.css";

const SHOWN = 2;

/** The server's word for a reason in the reader's language; a sentence stays as it came. */
function said(about: "reason" | "out" | "factor", code: string, t: Speaker): string {
  const word = `why.${about}.${code}`;
  return word in zh ? t(word as Word) : code;
}

/** Why this owner: the winner and the runner-up with every factor's points as bars, the others on request. */
export function ScoreCard({ why }: { why: OwnerWhy }) {
  const { t } = useLanguage();
  const chosen = why.candidates.find((one) => one.user === why.chosen);
  const order = chosen ? [chosen, ...why.candidates.filter((one) => one !== chosen)] : why.candidates;
  const most = Math.max(1, ...order.flatMap((one) => (one.factors ?? []).map((factor) => Math.max(factor.weight ?? 0, factor.points ?? 0))));
  return (
    <section className="score">
      <h3>{chosen ? t("why.owner", { name: chosen.name }) : t("why.ownerNone")}</h3>
      <p className="quiet small">{[t("why.rule", { rule: why.label ?? why.rule }), typeof order[0]?.points === "number" && why.reason === "strategy" ? t("why.best") : said("reason", why.reason, t)].filter(Boolean).join(" · ")}</p>
      {order.slice(0, SHOWN).map((one, at) => (
        <Standing key={one.user} candidate={one} most={most} chosen={one === chosen} note={one === chosen ? t("why.chosen") : at === 1 && !one.out ? t("why.runnerUp") : ""} />
      ))}
      {order.length > SHOWN && (
        <details>
          <summary>{t("why.more", { n: order.length - SHOWN })}</summary>
          {order.slice(SHOWN).map((one) => (
            <Standing key={one.user} candidate={one} most={most} chosen={false} note="" />
          ))}
        </details>
      )}
    </section>
  );
}

interface StandingProps {
  candidate: Candidate;
  most: number;
  chosen: boolean;
  note: string;
}

function Standing({ candidate, most, chosen, note }: StandingProps) {
  const { t } = useLanguage();
  return (
    <div className={chosen ? "standing standing-chosen" : "standing"}>
      <div className="standing-head">
        <Face name={candidate.name} small />
        <strong>{candidate.name}</strong>
        {note && <span className="chip">{note}</span>}
        {typeof candidate.points === "number" && <b className="standing-points">{t("why.points", { n: number(candidate.points, 1) })}</b>}
      </div>
      {candidate.out && <p className="quiet small">{t("why.leftOut", { reason: said("out", candidate.out, t) })}</p>}
      {(candidate.factors ?? []).map((factor) => (
        <FactorRow key={factor.name} factor={factor} most={most} />
      ))}
    </div>
  );
}

/** One factor: its points as a bar against its weight; where there are no points, only what it was. */
function FactorRow({ factor, most }: { factor: Factor; most: number }) {
  const { t } = useLanguage();
  const { value, weight, points } = factor;
  const label = said("factor", factor.name, t) === factor.name ? factor.label : said("factor", factor.name, t);
  if (typeof points !== "number") {
    return (
      <div className="factor factor-plain">
        <span className="quiet clip">{label}</span>
        <span className="factor-points">{typeof value === "number" ? number(value) : ""}</span>
      </div>
    );
  }
  const known = typeof weight === "number" && typeof value === "number";
  return (
    <div className="factor" title={known ? t("why.value", { value: number(value), weight: number(weight) }) : undefined}>
      <span className="quiet clip">{factor.label}</span>
      <span className="factor-track">
        <span className="factor-full" style={{ width: `${(100 * (weight ?? most)) / most}%` }} />
        <span className="factor-bar" style={{ width: `${(100 * Math.max(0, points)) / most}%` }} />
      </span>
      <span className="factor-points">{number(points, 1)}</span>
    </div>
  );
}
