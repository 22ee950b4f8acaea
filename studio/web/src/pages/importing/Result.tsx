import { Button } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { errorsOf, useImportWays, useTakenRecords, type ImportWhole } from "../../api/imports";
import { recordPath } from "../../app/paths";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Notes } from "../../widgets/Notes";
import { Counts } from "./Counts";
import { RowsToSee } from "./RowsToSee";
import { UndoDialog } from "./UndoDialog";
import "../../widgets/rows.css";

/** What came of it: counts, the records, the rows that were not taken, and the way back. */
export function Result({ now }: { now: ImportWhole }) {
  const { t } = useLanguage();
  const toast = useToast();
  const ways = useImportWays(now.number);
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const records = useTakenRecords(now.number, true);
  const rows = records.data?.pages.flatMap((page) => page.items) ?? [];

  const resume = async () => {
    setBusy(true);
    try {
      await ways.go("start", { again: true });
    } catch (error) {
      toast.warn((error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {now.state === "stopped" && <Notes tone="warn" lines={[t("imp.stopped", { n: now.done.toLocaleString("en-US") })]} />}
      <section className="panel" aria-label={t("imp.result")}>
        <h2 className="import-h">{t("imp.result")}</h2>
        <Counts of={now} />
        <div className="import-ways">
          {now.state === "stopped" && now.found.columns.length > 0 && <Button type="primary" loading={busy} onClick={() => void resume()}>{t("imp.resume")}</Button>}
          <Link className="link-button" to={`/entities/${now.entity}`}>{t("imp.seeList")}</Link>
          {now.counts.bad > 0 && <Button href={errorsOf(now.number)} download>{t("imp.errors")}</Button>}
          {now.state !== "undone" && <Button danger onClick={() => setAsking(true)}>{t("imp.undo")}</Button>}
        </div>
      </section>
      {now.state !== "undone" && now.counts.bad > 0 && <RowsToSee now={now} />}
      {rows.length > 0 && (
        <section aria-label={t("imp.records")}>
          <h2 className="import-h">{t("imp.records")}</h2>
          <ul className="run-rows">
            {rows.map((one) => (
              <li key={one.row} className="run-row">
                <div className="run-main">
                  {one.id !== null ? <Link className="run-name" to={recordPath(now.entity, one.id)}>{one.title}</Link> : <span className="quiet">{t(one.action === "undone" ? "imp.action.undone" : "imp.unseen")}</span>}
                  <span className="run-line quiet small">
                    <span>{t("imp.row", { n: one.row })}</span>
                    <span>{t(`imp.action.${one.action}`)}</span>
                    {one.why.map((why) => <span key={why}>{why}</span>)}
                  </span>
                </div>
              </li>
            ))}
          </ul>
          {records.hasNextPage && <div className="list-end"><Button loading={records.isFetchingNextPage} onClick={() => void records.fetchNextPage()}>{t("list.loadMore")}</Button></div>}
        </section>
      )}
      {asking && <UndoDialog number={now.number} onClose={() => setAsking(false)} />}
    </>
  );
}
