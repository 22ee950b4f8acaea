import { CheckCircleOutlined, ClockCircleOutlined, PauseCircleOutlined, WarningFilled } from "@ant-design/icons";
import type { Promised } from "../api/types";
import { useSay } from "../app/session";
import { saySpan } from "../format/moment";
import { useLanguage } from "../i18n/language";
import { useNow } from "./now";

const SOON = 60 * 60_000;
const OVER = ["breached", "broken", "overdue"];
const KEPT = ["met", "kept", "stopped", "done", "cancelled"];

/** How a promise stands now: its words, its tone and its sign. */
function useStanding(promised: Promised) {
  const { t, language } = useLanguage();
  const now = useNow(30_000);
  const left = promised.due ? Date.parse(promised.due) - now : null;
  if (KEPT.includes(promised.state)) return { tone: "good", words: t("due.met"), icon: <CheckCircleOutlined aria-hidden /> };
  if (promised.state === "late") return { tone: "calm", words: t("due.late"), icon: <ClockCircleOutlined aria-hidden /> };
  if (promised.state === "paused") return { tone: "calm", words: t("due.paused"), icon: <PauseCircleOutlined aria-hidden /> };
  if (left === null) return { tone: "calm", words: t(OVER.includes(promised.state) ? "due.broken" : "due.running"), icon: <ClockCircleOutlined aria-hidden /> };
  const span = saySpan(left, language);
  if (left < 0 || OVER.includes(promised.state)) return { tone: "bad", words: left < 0 ? t("due.over", { span }) : t("due.broken"), icon: <WarningFilled aria-hidden /> };
  return { tone: left < SOON ? "warn" : "calm", words: t("due.left", { span }), icon: <ClockCircleOutlined aria-hidden /> };
}

function PromiseChip({ promised, known }: { promised: Promised; known: boolean }) {
  const say = useSay();
  const { tone, words, icon } = useStanding(promised);
  return (
    <span className={`due due-${tone}`} title={promised.due ? `${promised.label} · ${say.fully(promised.due)}` : promised.label}>
      {icon} <span className={known ? "unseen" : "clip"}>{promised.label}</span> <b>{words}</b>
    </span>
  );
}

interface Props {
  promises: Promised[];
  /** Those that are kept, too. */
  all?: boolean;
  /** What already stands above, such as a column's name: a promise of that name shows its time alone. */
  under?: string;
}

/** Promises with a clock, counting down. Colour, sign and words say the same. */
export function Promises({ promises, all = false, under }: Props) {
  const shown = all ? promises : promises.filter((promised) => !KEPT.includes(promised.state));
  if (shown.length === 0) return null;
  return (
    <span className="dues">
      {shown.map((promised) => (
        <PromiseChip key={promised.name} promised={promised} known={promised.label === under} />
      ))}
    </span>
  );
}
