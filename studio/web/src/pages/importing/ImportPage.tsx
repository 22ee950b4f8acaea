import { Button } from "antd";
import { useNavigate, useParams } from "react-router";
import { MOVING, useImport, useImportWays, type ImportWhole } from "../../api/imports";
import { useSurroundings } from "../../app/session";
import { useToast } from "../../app/toast";
import { fileSize } from "../../format/amount";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { Notes } from "../../widgets/Notes";
import { PageHead } from "../../widgets/PageHead";
import { Splash } from "../../widgets/Splash";
import { Arrange } from "./Arrange";
import { Going } from "./Going";
import { Result } from "./Result";
import "./importing.css";

/** One import from its file to its result: arranged, checked, taken in, taken back. */
export default function ImportPage() {
  const number = Number(useParams().number);
  const found = useImport(number);
  if (found.isPending) return <Splash inPage />;
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  return <Page key={number} now={found.data} />;
}

function Page({ now }: { now: ImportWhole }) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const toast = useToast();
  const go = useNavigate();
  const ways = useImportWays(now.number);
  const label = model.entities[now.entity]?.label ?? now.label;
  const fresh = now.state === "draft" || now.state === "checked";
  const rows = now.total === null ? t("imp.rowsUnknown") : t("imp.rows", { n: now.total.toLocaleString("en-US") });
  const kind = now.found.encoding === "xlsx" ? "Excel" : (now.found.encoding ?? "").toUpperCase();

  const drop = async () => {
    try {
      await ways.drop();
      toast.say(t("imp.dropped"));
      void go(`/import/${now.entity}`);
    } catch (error) {
      toast.warn((error as Error).message);
    }
  };
  return (
    <div className="import-page">
      <PageHead title={t("imp.title", { label })} note={t(`imp.state.${now.state}`)}>
        {fresh && <Button onClick={() => void drop()}>{t("imp.dropFile")}</Button>}
        {!fresh && !MOVING.includes(now.state) && <Button onClick={() => void go(`/import/${now.entity}`)}>{t("imp.another")}</Button>}
      </PageHead>
      <p className="import-file">
        <strong>{now.file}</strong>{" "}
        {kind && <span className="quiet">{[t("imp.what", { encoding: kind, rows }), now.found.size ? fileSize(now.found.size) : ""].filter(Boolean).join(" · ")}</span>}
      </p>
      {now.error && <Notes tone="bad" lines={[now.error]} />}
      {MOVING.includes(now.state) ? <Going now={now} key={now.state} /> : fresh ? <Arrange now={now} /> : <Result now={now} />}
    </div>
  );
}
