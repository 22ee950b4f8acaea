import { Tabs } from "antd";
import { lazy, Suspense } from "react";
import { Navigate, useParams } from "react-router";
import { asRefusal } from "../../api/problem";
import { useRecord } from "../../api/queries";
import { recordPath } from "../../app/paths";
import { useSurroundings } from "../../app/session";
import { usePhone } from "../../app/theme";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { NotFound } from "../../widgets/NotFound";
import { Splash } from "../../widgets/Splash";
import { Details } from "./Details";
import { useDraft } from "./draft";
import { RecordHead } from "./RecordHead";
import { SaveBar } from "./SaveBar";
import { Timeline } from "./Timeline";
import { WhyPanel } from "./WhyPanel";
import "./record.css";

const AheadPanel = lazy(() => import("../ahead/AheadPanel").then((one) => ({ default: one.AheadPanel })));

export default function RecordPage() {
  const { entity = "", id = "" } = useParams();
  return <OneRecord key={`${entity}/${id}`} entity={entity} id={Number(id)} />;
}

/** One record: where it stands, what is next, its fields, what happened and why. */
function OneRecord({ entity: name, id }: { entity: string; id: number }) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const phone = usePhone();
  const found = useRecord(name, id);
  const { draft, change, setDraft } = useDraft(name, id);
  const entity = model.entities[name];

  if (!entity) return <NotFound title={t("record.gone")} />;
  if (found.isPending) return <Splash inPage />;
  if (!found.data) {
    return asRefusal(found.error).status === 404 ? <NotFound title={t("record.gone")} /> : <Failure error={found.error} onRetry={() => void found.refetch()} />;
  }
  const record = found.data;
  // It was merged into another one: an old address leads there.
  if (record.id !== id) return <Navigate to={recordPath(record.entity, record.id)} replace />;
  const details = <Details record={record} entity={entity} draft={draft} onChange={(field, value) => change(record, field, value)} />;
  const activity = { key: "timeline", label: t("record.timeline"), children: <Timeline record={record} /> };
  const ahead = { key: "ahead", label: t("ahead.tab"), children: <Suspense fallback={<Splash inPage />}><AheadPanel record={record} /></Suspense> };
  const why = { key: "why", label: t("record.why"), children: <WhyPanel record={record} /> };

  return (
    <div className="record">
      <RecordHead record={record} entity={entity} />
      {phone ? (
        <Tabs items={[{ key: "details", label: t("record.details"), children: details }, activity, why, ahead]} />
      ) : (
        <div className="record-halves">
          <div className="record-left">{details}</div>
          <aside className="record-right">
            <Tabs items={[activity, why, ahead]} />
          </aside>
        </div>
      )}
      {draft && <SaveBar record={record} entity={entity} draft={draft} onDraft={setDraft} />}
    </div>
  );
}
