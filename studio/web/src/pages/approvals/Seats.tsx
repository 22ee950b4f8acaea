import { CheckCircleFilled, ClockCircleOutlined, CloseCircleFilled, MinusCircleOutlined } from "@ant-design/icons";
import type { ApprovalShape, Seat } from "../../api/approvals";
import { useSay, useSurroundings } from "../../app/session";
import { useLanguage } from "../../i18n/language";

/** Each place with who may fill it, and what was said there. Signs and words say the same as colours. */
export function Seats({ approval }: { approval: ApprovalShape }) {
  const { t } = useLanguage();
  const turn = new Set(approval.waits_for.map((one) => one.id));
  return (
    <div className="seats">
      <p className="quiet small">{t(approval.seats.length < 2 ? "appr.modeOne" : approval.mode === "sequence" ? "appr.modeSequence" : "appr.modeAll", { n: approval.seats.length })}</p>
      <ul>
        {approval.seats.map((seat, at) => (
          <OneSeat key={at} seat={seat} open={approval.state === "open"} turn={seat.people.some((one) => turn.has(one.id))} />
        ))}
      </ul>
    </div>
  );
}

function OneSeat({ seat, open, turn }: { seat: Seat; open: boolean; turn: boolean }) {
  const { t } = useLanguage();
  const say = useSay();
  const { user } = useSurroundings().session;
  const { decided } = seat;
  if (decided) {
    const yes = decided.decision === "approve";
    return (
      <li className={yes ? "seat seat-yes" : "seat seat-no"}>
        {yes ? <CheckCircleFilled aria-hidden /> : <CloseCircleFilled aria-hidden />}
        <span>
          <strong>{decided.by.name}</strong> {t(yes ? "appr.saidYes" : "appr.saidNo")}
          <time className="quiet small" dateTime={decided.at}> · {say.instant(decided.at)}</time>
          {decided.note && <q className="seat-note">{decided.note}</q>}
        </span>
      </li>
    );
  }
  const names = seat.people.map((one) => (one.id === user.id ? t("appr.me", { name: one.name }) : one.name)).join(t("appr.or"));
  const word = !open ? "appr.notAsked" : turn ? "appr.waits" : "appr.later";
  return (
    <li className="seat">
      {open && turn ? <ClockCircleOutlined aria-hidden /> : <MinusCircleOutlined aria-hidden />}
      <span>
        <strong>{names}</strong> <span className="quiet">{t(word)}</span>
      </span>
    </li>
  );
}
