import { Button, Progress } from "antd";
import { useRef, useState } from "react";
import { useImportWays, type ImportWhole } from "../../api/imports";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Counts } from "./Counts";
import { pace } from "./words";

/** What goes on: how far, how fast, how long still; and a way to stop it. */
export function Going({ now }: { now: ImportWhole }) {
  const { t } = useLanguage();
  const toast = useToast();
  const ways = useImportWays(now.number);
  const [busy, setBusy] = useState(false);
  const undoing = now.state === "undoing";
  const first = useRef({ done: now.done, at: Date.now() });
  const speed = undoing ? null : pace(first.current, now.done, now.total, Date.now());
  const part = now.total ? Math.min(100, Math.round((now.done / now.total) * 100)) : 0;
  const span = speed && (speed.left < 90 ? t("imp.seconds", { n: speed.left }) : t("imp.minutes", { n: Math.round(speed.left / 60) }));

  const stop = async () => {
    setBusy(true);
    try {
      await ways.go("stop");
    } catch (error) {
      toast.warn((error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="panel import-going">
      <h2 className="import-h" role="status">{t(now.state === "checking" ? "imp.going.checking" : undoing ? "imp.going.undoing" : "imp.going.running")}</h2>
      {!undoing && (
        <>
          <Progress percent={part} status="active" aria-label={t(now.state === "checking" ? "imp.going.checking" : "imp.going.running")} />
          <p className="import-pace quiet">
            {now.total === null ? t("imp.counting") : t("imp.progress", { done: now.done.toLocaleString("en-US"), total: now.total.toLocaleString("en-US") })}
            {speed && <span>{t("imp.rate", { n: speed.rate.toLocaleString("en-US") })}</span>}
            {span && <span>{t("imp.left", { span })}</span>}
          </p>
          <Counts of={now} />
          {now.by_command ? <p className="quiet">{t("imp.command")}</p> : <Button loading={busy} onClick={() => void stop()}>{t("imp.stop")}</Button>}
        </>
      )}
    </section>
  );
}
