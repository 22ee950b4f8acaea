import { InboxOutlined, UploadOutlined } from "@ant-design/icons";
import { Button, Progress } from "antd";
import { useEffect, useRef, useState, type DragEvent } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { sendSheet, useImports, type ImportWhole } from "../../api/imports";
import type { Sending } from "../../api/files";
import { asRefusal, spoken } from "../../api/problem";
import { may, useSay, useSurroundings } from "../../app/session";
import { useLanguage } from "../../i18n/language";
import { Blank } from "../../widgets/Blank";
import { Failure } from "../../widgets/Failure";
import { NotFound } from "../../widgets/NotFound";
import { Notes } from "../../widgets/Notes";
import { PageHead } from "../../widgets/PageHead";
import { Splash } from "../../widgets/Splash";
import { plain } from "./words";
import "../../widgets/rows.css";
import "./importing.css";

/** Where an import begins: a file is dropped or chosen; below it what was imported before. */
export default function StartPage() {
  const { t } = useLanguage();
  const { entity: name = "" } = useParams();
  const { model, session } = useSurroundings();
  const entity = model.entities[name];
  if (!entity || !may(session, "import")) return <NotFound />;
  return (
    <div className="import-page">
      <PageHead title={t("imp.title", { label: entity.label })} note={t("imp.lead")} />
      <Drop entity={name} />
      <Past entity={name} label={entity.label} />
    </div>
  );
}

function Drop({ entity }: { entity: string }) {
  const { t } = useLanguage();
  const go = useNavigate();
  const [share, setShare] = useState<{ name: string; part: number } | null>(null);
  const [wrong, setWrong] = useState<string[]>([]);
  const [over, setOver] = useState(false);
  const sending = useRef<Sending<ImportWhole> | null>(null);
  const picker = useRef<HTMLInputElement>(null);

  useEffect(() => () => sending.current?.cancel(), []);

  const take = async (file: File | undefined) => {
    if (!file || share) return;
    setWrong([]);
    setShare({ name: file.name, part: 0 });
    try {
      sending.current = sendSheet(entity, file, (part) => setShare({ name: file.name, part }));
      const made = await sending.current.done;
      sending.current = null;
      void go(`/imports/${made.number}`);
    } catch (error) {
      if (error instanceof DOMException) return;
      const refusal = asRefusal(error);
      setShare(null);
      setWrong(refusal.status === 0 ? [t("imp.offline", { name: file.name })] : refusal.problems.length > 0 ? refusal.problems.map(spoken) : [refusal.message]);
    }
  };
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  };
  return (
    <>
      <Notes tone="bad" lines={wrong} />
      <div className={over ? "import-drop import-over" : "import-drop"} onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={dropped}>
        <input ref={picker} type="file" className="unseen" tabIndex={-1} aria-hidden accept=".csv,.txt,.tsv,.xlsx,text/csv" onChange={(event) => { void take(event.target.files?.[0]); event.target.value = ""; }} />
        {share ? (
          <div className="import-sending" role="status">
            <span className="clip">{t(share.part < 1 ? "imp.sending" : "imp.reading", { name: share.name })}</span>
            <Progress percent={Math.round(share.part * 100)} showInfo={share.part < 1} status="active" aria-label={t("imp.sending", { name: share.name })} />
          </div>
        ) : (
          <>
            <InboxOutlined className="import-mark" aria-hidden />
            <p>
              <span className="only-wide">{t("imp.drop")} </span>
              <Button type="primary" icon={<UploadOutlined aria-hidden />} onClick={() => picker.current?.click()}>{t("imp.pick")}</Button>
            </p>
            <p className="quiet small">{t("imp.kinds")}</p>
          </>
        )}
      </div>
    </>
  );
}

function Past({ entity, label }: { entity: string; label: string }) {
  const { t } = useLanguage();
  const say = useSay();
  const found = useImports(entity);
  if (found.isPending) return <Splash inPage />;
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data.length === 0) return <Blank title={t("imp.pastNone", { label })} hint={t("imp.pastHint")} />;
  return (
    <section aria-label={t("imp.past")}>
      <h2 className="import-h">{t("imp.past")}</h2>
      <ul className="run-rows">
        {found.data.map((one) => (
          <li key={one.number} className="run-row">
            <div className="run-main">
              <Link className="run-name" to={`/imports/${one.number}`}>{one.file}</Link>
              <span className="run-line quiet small">
                <span className={`import-state import-${one.state}`}>{t(`imp.state.${one.state}`)}</span>
                {["stopped", "done", "undoing", "undone"].includes(one.state) && <span>{t("imp.sumDone", plain(one.counts))}</span>}
                {one.by_command && one.state === "running" && <span>{t("imp.command")}</span>}
                <span>{one.by}</span>
                <time dateTime={one.at} title={say.fully(one.at)}>{say.instant(one.at)}</time>
              </span>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
