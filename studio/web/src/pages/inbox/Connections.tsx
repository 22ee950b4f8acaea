import { CopyOutlined, WarningFilled } from "@ant-design/icons";
import type { ConnectionShape } from "../../api/inbox";
import { useSay, useSurroundings } from "../../app/session";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";

interface Props {
  all: ConnectionShape[];
  chosen: string;
  onChoose: (name: string) => void;
}

/** Every way in: how much came, when the last, whether it is silent, what waits for a person there. */
export function Connections({ all, chosen, onChoose }: Props) {
  const { t } = useLanguage();
  return (
    <ul className="ways-in" aria-label={t("inbox.connections")}>
      {all.map((one) => (
        <Way key={one.name} one={one} chosen={one.name === chosen} onChoose={() => onChoose(one.name === chosen ? "" : one.name)} />
      ))}
    </ul>
  );
}

function Way({ one, chosen, onChoose }: { one: ConnectionShape; chosen: boolean; onChoose: () => void }) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const say = useSay();
  const toast = useToast();
  const stuck = one.counts.quarantined ?? 0;
  const waits = (one.counts.new ?? 0) + (one.counts.parked ?? 0);
  const trouble = one.silent_since ?? one.poll?.failing_since ?? null;
  const expected = one.expect?.by ? t("inbox.expectBy", { time: one.expect.by }) : one.expect?.every ? t("inbox.expectEvery", { span: one.expect.every }) : "";

  const copy = async () => {
    const whole = `${window.location.origin}${one.address}`;
    try {
      await navigator.clipboard.writeText(whole);
      toast.say(t("inbox.copied"));
    } catch {
      toast.warn(whole);
    }
  };

  return (
    <li className={chosen ? "way-in way-chosen" : trouble ? "way-in way-trouble" : "way-in"}>
      <button className="way-name" aria-pressed={chosen} onClick={onChoose}>
        <strong>{one.label}</strong>
        <span className="quiet small">{[t(`inbox.by.${one.connector === "form" ? "form" : one.poll ? "fetched" : one.address ? "pushed" : "out"}`), one.into ? (model.entities[one.into]?.label ?? one.into) : ""].filter(Boolean).join(" → ")}</span>
      </button>
      {(one.address || one.into) && (
        <p className="way-counts">
          {stuck > 0 && <b className="way-stuck">{t("inbox.stuck", { n: stuck })}</b>}
          {waits > 0 && <span>{t("inbox.waits", { n: waits })}</span>}
          <span>{t("inbox.taken", { n: one.counts.done ?? 0 })}</span>
        </p>
      )}
      {(one.address || one.into) && <p className="small quiet">{one.last ? t("inbox.last", { time: say.instant(one.last) }) : t("inbox.never")}{expected && ` · ${expected}`}</p>}
      {one.silent_since && <p className="way-alarm"><WarningFilled aria-hidden /> {t("inbox.silent", { time: say.instant(one.silent_since) })}</p>}
      {one.poll?.failing_since && <p className="way-alarm"><WarningFilled aria-hidden /> {t("inbox.failing", { time: say.instant(one.poll.failing_since) })}{one.poll.error && ` ${one.poll.error}`}</p>}
      {one.poll?.next && !one.poll.failing_since && <p className="small quiet">{t("inbox.nextLook", { time: say.instant(one.poll.next) })}</p>}
      {one.address && (
        <p className="way-address">
          <code className="clip">{one.address}</code>
          <button className="file-way" aria-label={t("inbox.copy", { label: one.label })} title={t("inbox.copyShort")} onClick={() => void copy()}><CopyOutlined aria-hidden /></button>
        </p>
      )}
    </li>
  );
}
