import { Button, Input } from "antd";
import { useState } from "react";
import { useImportRows, useImportWays, type ImportRow, type ImportWhole, type RowProblem } from "../../api/imports";
import { asRefusal } from "../../api/problem";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { Splash } from "../../widgets/Splash";

/** Rows with a problem or a likeness, by reason; what is wrong in a cell is corrected in place. */
export function RowsToSee({ now }: { now: ImportWhole }) {
  const { t } = useLanguage();
  const [kind, setKind] = useState("");
  const found = useImportRows(now.number, kind, true);
  if (found.isPending) return <Splash inPage />;
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  const pages = found.data.pages;
  const kinds = pages[0]?.kinds ?? [];
  const rows = pages.flatMap((page) => page.items);
  return (
    <section className="panel" aria-label={t("imp.toLookAt")}>
      <h2 className="import-h">{t("imp.toLookAt")}</h2>
      {(kinds.length > 1 || kind) && (
        <div className="import-kinds" role="group" aria-label={t("list.filter")}>
          {[{ kind: "", count: kinds.reduce((sum, one) => sum + one.count, 0), message: t("imp.allKinds"), twin: false }, ...kinds].map((one) => (
            <button key={one.kind} className={one.kind === kind ? "import-kind import-kind-on" : "import-kind"} aria-pressed={one.kind === kind} title={one.message} onClick={() => setKind(one.kind)}>
              <span className="clip">{one.twin ? t("imp.count.twins") : one.message}</span> <b>{one.count.toLocaleString("en-US")}</b>
            </button>
          ))}
        </div>
      )}
      <ul className="import-rows">
        {rows.map((row) => (
          <Row key={`${row.row}:${JSON.stringify(row.cells)}`} row={row} now={now} />
        ))}
      </ul>
      {found.hasNextPage && <div className="list-end"><Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t("list.loadMore")}</Button></div>}
    </section>
  );
}

function Row({ row, now }: { row: ImportRow; now: ImportWhole }) {
  const { t } = useLanguage();
  const toast = useToast();
  const ways = useImportWays(now.number);
  const [cells, setCells] = useState<Record<string, string>>({});
  const [problems, setProblems] = useState(row.problems);
  const [busy, setBusy] = useState(false);
  const bad = row.action === "bad";

  const mend = async () => {
    setBusy(true);
    try {
      const after = await ways.mend(row.row, cells);
      setProblems(after.problems);
      if (after.problems.length === 0) toast.say(t(now.state === "checked" ? "imp.mended" : "imp.mendedIn", { n: row.row }));
    } catch (error) {
      toast.warn(asRefusal(error).message);
    } finally {
      setBusy(false);
    }
  };
  const columns = [...new Set(problems.map((problem) => problem.column).filter((column): column is string => Boolean(column && column in row.cells)))];
  return (
    <li className="import-row">
      <span className="import-row-n">{t("imp.row", { n: row.row })}</span>
      <div className="import-row-main">
        {problems.map((problem) => (
          <Told key={problem.message} problem={problem} bad={bad} />
        ))}
        {bad && columns.length > 0 && (
          <form className="import-mend" onSubmit={(event) => { event.preventDefault(); void mend(); }}>
            {columns.map((column) => (
              <label key={column}>
                <span className="quiet small">{column}</span>
                <Input value={cells[column] ?? row.cells[column] ?? ""} aria-label={t("imp.cell", { n: row.row, column })} onChange={(event) => setCells({ ...cells, [column]: event.target.value })} />
              </label>
            ))}
            <Button htmlType="submit" loading={busy} disabled={Object.keys(cells).length === 0}>{t("imp.mend")}</Button>
          </form>
        )}
        <details>
          <summary className="quiet small">{t("imp.restOfRow")}</summary>
          <dl className="import-cells">
            {Object.entries(row.cells).filter(([name]) => name).map(([name, cell]) => (
              <div key={name}><dt>{name}</dt><dd>{cell || "–"}</dd></div>
            ))}
          </dl>
        </details>
      </div>
    </li>
  );
}

function Told({ problem, bad }: { problem: RowProblem; bad: boolean }) {
  return (
    <p className="import-told">
      <span className={bad ? "import-wrong" : "import-like"}>{problem.message}</span>
      {problem.fix && <span className="import-fix quiet small">{problem.fix}</span>}
    </p>
  );
}
