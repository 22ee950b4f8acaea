import { CheckCircleFilled, ClockCircleFilled, CopyOutlined, WarningFilled } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Link } from "react-router";
import { useConnectionWays, type ConnectionShape } from "../../api/inbox";
import { asRefusal, spoken } from "../../api/problem";
import { useSay, useSurroundings } from "../../app/session";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Notes } from "../../widgets/Notes";

interface Props {
  one: ConnectionShape;
  /** How many had come when somebody pressed "fetch now"; null when nobody waits for it. */
  since: number | null;
  onWatch: (since: number | null) => void;
  onTry: () => void;
}

const SIGN = { working: <CheckCircleFilled aria-hidden />, silent: <ClockCircleFilled aria-hidden />, attention: <WarningFilled aria-hidden /> } as const;

interface Told {
  tone: "good" | "bad" | "warn";
  lines: string[];
}

/** A connection: how it stands and what to do about it, what came, its address and secrets, and what can be done with it. */
export function ConnectionCard({ one, since, onWatch, onTry }: Props) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const ways = useConnectionWays();
  const picker = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState("");
  const [told, setTold] = useState<Told | null>(null);
  const into = one.into ? (model.entities[one.into]?.label ?? one.into) : "";

  const doing = async (what: string, work: () => Promise<Told | null>) => {
    setBusy(what);
    setTold(null);
    try {
      setTold(await work());
    } catch (error) {
      const refusal = asRefusal(error);
      setTold({ tone: "bad", lines: refusal.status === 0 ? [t("app.offline")] : refusal.problems.length > 0 ? refusal.problems.map(spoken) : [refusal.message] });
    } finally {
      setBusy("");
    }
  };
  const probe = () => doing("probe", async () => {
    const { said } = await ways.probe(one.name);
    return { tone: "good", lines: [said ? t("conn.probeWell", { said }) : t("conn.probeReady")] };
  });
  const poll = () => doing("poll", async () => {
    const { asked } = await ways.poll(one.name);
    if (asked) onWatch(one.poll?.came ?? 0);
    return asked ? null : { tone: "warn", lines: [t("conn.busy")] };
  });
  const upload = (file: File) => doing("upload", async () => {
    const done = await ways.upload(one.name, file);
    return { tone: done.waiting > 0 ? "warn" : "good", lines: [t("conn.uploaded", { n: done.new, known: done.known, waiting: done.waiting })] };
  });
  useFetched(one, since, (came) => {
    onWatch(null);
    // What went wrong stands above already.
    if (came === null) setTold({ tone: "warn", lines: [t("conn.nobody")] });
    else setTold(one.poll?.error ? null : { tone: "good", lines: [t("conn.polled", { n: came })] });
  });

  return (
    <li className={`conn conn-${one.state}`} data-name={one.name}>
      <header className="conn-head">
        <h2>{one.label}</h2>
        <span className={`conn-state conn-state-${one.state}`}>{SIGN[one.state]} {t(`conn.state.${one.state}`)}</span>
        <span className="quiet small">{[one.kind, into].filter(Boolean).join(" → ")}</span>
      </header>
      {one.why && <Notes tone="bad" lines={[spoken({ ...one.why })]} />}
      {one.silent_since && <SilentNote since={one.silent_since} />}
      <Facts one={one} fetching={since !== null || busy === "poll"} />
      {told && <Notes tone={told.tone} lines={told.lines} />}
      <div className="conn-ways">
        {one.can.poll && <Button loading={since !== null || busy === "poll"} onClick={() => void poll()}>{t("conn.poll")}</Button>}
        {one.can.upload && !one.poll && <Button loading={busy === "upload"} onClick={() => picker.current?.click()}>{t("conn.upload")}</Button>}
        {one.can.upload && <input ref={picker} type="file" accept=".csv,.xlsx" hidden aria-label={t("conn.upload")} onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file) void upload(file);
        }} />}
        {one.can.probe && <Button loading={busy === "probe"} onClick={() => void probe()}>{t("conn.probe")}</Button>}
        {one.can.try && <Button onClick={onTry}>{t("conn.try")}</Button>}
        {one.can.upload && one.poll && <Button loading={busy === "upload"} onClick={() => picker.current?.click()}>{t("conn.upload")}</Button>}
        {one.can.try && <Link className="conn-inbox" to={`/inbox?from=${encodeURIComponent(one.name)}`}>{t("conn.inbox")}</Link>}
      </div>
    </li>
  );
}

/** How long a look that somebody waits for is waited for, in milliseconds: no worker may be there at all. */
const PATIENCE = 60_000;

/** Calls `over` with how many came, once the look that somebody waits for has ended; with null when nobody looks. */
function useFetched(one: ConnectionShape, since: number | null, over: (came: number | null) => void) {
  const heard = useRef(over);
  heard.current = over;
  const { busy, came } = one.poll ?? {};
  useEffect(() => {
    if (since === null) return undefined;
    if (!busy) {
      heard.current((came ?? 0) - since);
      return undefined;
    }
    const timer = window.setTimeout(() => heard.current(null), PATIENCE);
    return () => window.clearTimeout(timer);
  }, [since, busy, came]);
}

function SilentNote({ since }: { since: string }) {
  const { t } = useLanguage();
  const say = useSay();
  return <Notes tone="warn" lines={[t("conn.silent", { time: say.instant(since) })]} />;
}

function Facts({ one, fetching }: { one: ConnectionShape; fetching: boolean }) {
  const { t } = useLanguage();
  const say = useSay();
  const { today } = one;
  const waits = (today.new ?? 0) + (today.parked ?? 0);
  const parts = [
    today.done ? t("conn.todayDone", { n: today.done }) : "",
    waits ? t("conn.todayWaits", { n: waits }) : "",
    today.skipped ? t("conn.todaySkipped", { n: today.skipped }) : "",
  ].filter(Boolean);
  const expected = one.expect?.by ? t("inbox.expectBy", { time: one.expect.by }) : one.expect?.every ? t("inbox.expectEvery", { span: one.expect.every }) : "";
  const embed = one.connector === "form" && one.address ? `<script src="${window.location.origin}${one.address}/embed.js"></script>` : "";
  return (
    <dl className="conn-facts">
      {one.can.try && (
        <Fact label={t("conn.today")}>
          {parts.length > 0 || today.quarantined ? <span>{parts.join(" · ")}</span> : <span className="quiet">{t("conn.todayNone")}</span>}
          {today.quarantined ? <Link className="way-stuck" to={`/inbox?from=${encodeURIComponent(one.name)}`}>{t("conn.todayStuck", { n: today.quarantined })}</Link> : null}
        </Fact>
      )}
      {one.can.try && <Fact label={t("conn.last")}>{one.last ? <time dateTime={one.last} title={say.fully(one.last)}>{say.instant(one.last)}</time> : <span className="quiet">{t("inbox.never")}</span>}</Fact>}
      {expected && <Fact label={t("conn.rhythm")}>{expected}</Fact>}
      {one.poll && (fetching || one.poll.busy || one.poll.next) && <Fact label={t("conn.next")}>{fetching || one.poll.busy || !one.poll.next ? t("conn.fetching") : say.instant(one.poll.next)}</Fact>}
      {one.address && <Copied label={t("conn.address")} text={`${window.location.origin}${one.address}`} named={t("inbox.copy", { label: one.label })} done={t("inbox.copied")} />}
      {embed && <Copied label={t("conn.embed")} text={embed} named={t("conn.copyEmbed", { label: one.label })} done={t("conn.copiedEmbed")} />}
      {one.secrets.length > 0 && (
        <Fact label={t("conn.secrets")}>
          {one.secrets.map((secret) => (
            <span key={secret.name} className={secret.set ? "conn-secret" : "conn-secret conn-secret-missing"}>{t(secret.set ? "conn.secretSet" : "conn.secretMissing", { name: secret.name })}</span>
          ))}
        </Fact>
      )}
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Copied({ label, text, named, done }: { label: string; text: string; named: string; done: string }) {
  const toast = useToast();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast.say(done);
    } catch {
      toast.warn(text);
    }
  };
  return (
    <div className="conn-wide">
      <dt>{label}</dt>
      <dd className="conn-copied">
        <code>{text}</code>
        <button className="file-way" aria-label={named} title={named} onClick={() => void copy()}><CopyOutlined aria-hidden /></button>
      </dd>
    </div>
  );
}
