import { BellOutlined, CheckOutlined, CopyOutlined, EditOutlined, PlusOutlined, RightCircleOutlined, SaveOutlined, SwapOutlined, ThunderboltOutlined, UserSwitchOutlined } from "@ant-design/icons";
import { Button, Slider } from "antd";
import { useState, type ReactNode } from "react";
import { useAhead, type AheadShape, type Happening } from "../../api/ahead";
import type { Json, RecordShape } from "../../api/types";
import { may, useSay, useSurroundings } from "../../app/session";
import { useToast } from "../../app/toast";
import { fieldOf } from "../../fields/shape";
import { saySpan } from "../../format/moment";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { useLater } from "../../widgets/later";
import { shortPlace } from "../runs/runWords";
import { SaveScenario } from "./SaveScenario";
import "./ahead.css";

/** The stops of the slider: hours at first, then days. */
const STOPS = ["4h", "1d", "2d", "3d", "7d", "14d", "30d"];
const FIRST = 4;

const SIGNS: Record<string, ReactNode> = {
  notice: <BellOutlined aria-hidden />,
  sla: <BellOutlined aria-hidden />,
  changed: <EditOutlined aria-hidden />,
  transition: <RightCircleOutlined aria-hidden />,
  assigned: <UserSwitchOutlined aria-hidden />,
  trigger: <ThunderboltOutlined aria-hidden />,
  created: <PlusOutlined aria-hidden />,
  note: <CheckOutlined aria-hidden />,
};

/** The clock slider: push the time on and see what would happen to this record if nobody acted. Nothing is changed by it. */
export function AheadPanel({ record }: { record: RecordShape }) {
  const { t } = useLanguage();
  const { session } = useSurroundings();
  const toast = useToast();
  const [stop, setStop] = useState(FIRST);
  const [saving, setSaving] = useState(false);
  const span = STOPS[useLater(stop, 250)] ?? "7d";
  const found = useAhead(record.entity, record.id, record.version, span);
  const words = (one: string) => t(one.endsWith("h") ? "ahead.hours" : "ahead.days", { n: parseInt(one, 10) });

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(found.data?.scenario ?? "");
      toast.say(t("ahead.copied"));
    } catch {
      toast.warn(t("ahead.notCopied"));
    }
  };

  return (
    <div className="ahead">
      <h3 id="ahead-title">{t("ahead.title", { span: words(STOPS[stop] ?? "7d") })}</h3>
      <Slider
        min={0}
        max={STOPS.length - 1}
        step={1}
        dots
        value={stop}
        onChange={setStop}
        marks={Object.fromEntries(STOPS.map((one, at) => [at, words(one)]))}
        tooltip={{ open: false }}
        ariaLabelledByForHandle="ahead-title"
        ariaValueTextFormatterForHandle={(at) => words(STOPS[at] ?? "")}
      />
      <p className="quiet small">{t("ahead.hint")}</p>
      {found.isError ? (
        <Failure error={found.error} onRetry={() => void found.refetch()} />
      ) : found.data ? (
        <div aria-busy={found.isFetching} className={found.isPlaceholderData ? "ahead-old" : undefined} aria-live="polite">
          <Happenings found={found.data} />
          <Differs record={record} found={found.data} />
          <div className="ahead-ways">
            {may(session, "configure") && <Button icon={<SaveOutlined aria-hidden />} onClick={() => setSaving(true)}>{t("ahead.save")}</Button>}
            <Button icon={<CopyOutlined aria-hidden />} onClick={() => void copy()}>{t("ahead.copy")}</Button>
          </div>
        </div>
      ) : (
        <p className="quiet" role="status">{t("ahead.playing")}</p>
      )}
      {saving && <SaveScenario record={record} span={span} onClose={() => setSaving(false)} />}
    </div>
  );
}

function Happenings({ found }: { found: AheadShape }) {
  const { t } = useLanguage();
  if (found.happenings.length === 0) return <p className="ahead-none">{t("ahead.none")}</p>;
  return (
    <ol className="timeline">
      {found.happenings.map((one, at) => (
        <OneHappening key={at} one={one} from={found.from} />
      ))}
    </ol>
  );
}

function OneHappening({ one, from }: { one: Happening; from: string }) {
  const { t, language } = useLanguage();
  const say = useSay();
  const told = (value: Json) => (value === null || value === "" ? t("time.empty") : Array.isArray(value) ? value.map(String).join(t("appr.and")) : say.wall(String(value)));
  return (
    <li className="timeline-entry">
      <span className="timeline-sign">{SIGNS[one.kind] ?? <SwapOutlined aria-hidden />}</span>
      <div>
        <p className="quiet small">
          <b>{t("ahead.after", { span: saySpan(Date.parse(one.at) - Date.parse(from), language) })}</b> · <time dateTime={one.at}>{say.instant(one.at)}</time>
        </p>
        <p className="timeline-title">{one.kind === "notice" && one.to.length > 0 ? t("ahead.tells", { names: one.to.join(t("appr.and")), title: one.title }) : one.title}</p>
        {one.body && <p className="small">{one.body}</p>}
        {one.changes.length > 0 && (
          <ul className="timeline-changes">
            {one.changes.map((change) => (
              <li key={change.field}>
                <span className="quiet">{change.label}</span> <del>{told(change.before)}</del> <span aria-label={t("time.to")}>→</span> {told(change.after)}
              </li>
            ))}
          </ul>
        )}
        {(one.by || one.where) && <p className="quiet small">{[one.by, one.where && shortPlace(one.where)].filter(Boolean).join(" · ")}</p>}
      </div>
    </li>
  );
}

/** How the record would stand at the end. */
function Differs({ record, found }: { record: RecordShape; found: AheadShape }) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const say = useSay();
  if ("gone" in found.differs && found.differs.gone === true) return <p>{t("ahead.gone")}</p>;
  const rows = Object.entries(found.differs as Record<string, { before: string; after: string }>);
  if (rows.length === 0) return null;
  return (
    <section>
      <h4>{t("ahead.then", { time: say.instant(found.until) })}</h4>
      <ul className="timeline-changes">
        {rows.map(([name, { before, after }]) => (
          <li key={name}>
            <span className="quiet">{fieldOf(model.entities[record.entity], name)?.label ?? name}</span> <del>{before || t("time.empty")}</del> <span aria-label={t("time.to")}>→</span> {after || t("time.empty")}
          </li>
        ))}
      </ul>
    </section>
  );
}
