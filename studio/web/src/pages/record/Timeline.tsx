import {
  BellOutlined,
  CheckOutlined,
  DeleteOutlined,
  EditOutlined,
  MergeOutlined,
  PlusOutlined,
  RightCircleOutlined,
  StopOutlined,
  SwapOutlined,
  ThunderboltOutlined,
  UndoOutlined,
  UserSwitchOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import { useState, type ReactNode } from "react";
import { useTimeline } from "../../api/queries";
import type { Json, RecordShape, TimelineEntry } from "../../api/types";
import { useSay, useSurroundings } from "../../app/session";
import { fieldOf } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import { Blank } from "../../widgets/Blank";
import { Failure } from "../../widgets/Failure";
import { Splash } from "../../widgets/Splash";

/** Values of one entry that are shown at once. */
const SHOWN = 5;
/** Entries shown at once. */
const ENTRIES = 30;

const SIGNS: Record<string, ReactNode> = {
  created: <PlusOutlined aria-hidden />,
  changed: <EditOutlined aria-hidden />,
  transition: <RightCircleOutlined aria-hidden />,
  assigned: <UserSwitchOutlined aria-hidden />,
  trigger: <ThunderboltOutlined aria-hidden />,
  sla: <BellOutlined aria-hidden />,
  note: <CheckOutlined aria-hidden />,
  refused: <StopOutlined aria-hidden />,
  deleted: <DeleteOutlined aria-hidden />,
  restored: <UndoOutlined aria-hidden />,
  merged: <MergeOutlined aria-hidden />,
};

/** What happened, newest first: who, when, and each value before and after. */
export function Timeline({ record }: { record: RecordShape }) {
  const { t } = useLanguage();
  const found = useTimeline(record.entity, record.id);
  const [most, setMost] = useState(ENTRIES);
  if (found.isPending) return <Splash inPage />;
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data.items.length === 0) return <Blank title={t("time.none")} hint={t("time.noneHint")} />;
  const items = found.data.items;
  return (
    <>
      <ol className="timeline">
        {items.slice(0, most).map((entry, at) => (
          <Entry key={`${entry.at}:${at}`} entry={entry} entity={record.entity} />
        ))}
      </ol>
      {items.length > most && <div className="list-end"><Button onClick={() => setMost(most + ENTRIES)}>{t("time.earlier", { n: items.length - most })}</Button></div>}
    </>
  );
}

function Entry({ entry, entity }: { entry: TimelineEntry; entity: string }) {
  const { t } = useLanguage();
  const say = useSay();
  return (
    <li className="timeline-entry">
      <span className="timeline-sign">{SIGNS[entry.kind] ?? <SwapOutlined aria-hidden />}</span>
      <div>
        <p className="timeline-title">{entry.title}</p>
        <Changes entry={entry} entity={entity} from={0} to={SHOWN} />
        {entry.changes.length > SHOWN && (
          <details className="small">
            <summary>{t("time.more", { n: entry.changes.length - SHOWN })}</summary>
            <Changes entry={entry} entity={entity} from={SHOWN} to={entry.changes.length} />
          </details>
        )}
        <p className="quiet small">
          {entry.by || t("time.system")} · <time dateTime={entry.at} title={say.fully(entry.at)}>{say.instant(entry.at)}</time>
        </p>
        {entry.where && <code className="timeline-where clip" title={entry.where}>{entry.where.split("/").slice(-2).join("/")}</code>}
      </div>
    </li>
  );
}

interface ChangesProps {
  entry: TimelineEntry;
  entity: string;
  from: number;
  to: number;
}

/** Some of an entry's values, before and after. */
function Changes({ entry, entity, from, to }: ChangesProps) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const say = useSay();

  const worded = (field: string, value: Json): string => {
    if (value === null || value === "") return t("time.empty");
    const type = fieldOf(model.entities[entity], field)?.type;
    if (type === "datetime") return say.wall(String(value));
    if (type === "date") return say.day(String(value));
    return Array.isArray(value) ? value.map(String).join(t("appr.and")) : String(value);
  };

  const shown = entry.changes.slice(from, to);
  if (shown.length === 0) return null;
  return (
    <ul className="timeline-changes">
      {shown.map((change) => (
        <li key={change.field}>
          <span className="quiet">{change.label}</span>{" "}
          {change.before !== null && change.before !== "" && (
            <>
              <del>{worded(change.field, change.before)}</del> <span aria-label={t("time.to")}>→</span>{" "}
            </>
          )}
          <span>{worded(change.field, change.after)}</span>
        </li>
      ))}
    </ul>
  );
}
