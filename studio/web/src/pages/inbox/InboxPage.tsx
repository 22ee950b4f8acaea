import { Button, Checkbox, Segmented } from "antd";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { useConnections, useDeliveries, useInboxWays, type DeliveryShape, type DeliveryState } from "../../api/inbox";
import { useTitles } from "../../api/titles";
import { recordPath } from "../../app/paths";
import { useSay, useSurroundings } from "../../app/session";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { PageHead } from "../../widgets/PageHead";
import { PickBar, usePicked } from "../../widgets/Picking";
import { Rows } from "../../widgets/Rows";
import { Connections } from "./Connections";
import { DeliveryDialog } from "./DeliveryDialog";
import { glance, reasonsOf } from "./reason";
import "../list/list.css";
import "./inbox.css";

const FILTERS = { stuck: ["quarantined"], waiting: ["parked", "new"], done: ["done"], skipped: ["skipped"] } as const satisfies Record<string, readonly DeliveryState[]>;
type FilterName = keyof typeof FILTERS;

/** What came in from outside: the ways in with their health, and each delivery; what was put aside is mended and replayed. */
export default function InboxPage() {
  const { t } = useLanguage();
  const toast = useToast();
  const [search, setSearch] = useSearchParams();
  const wanted = search.get("state") ?? "";
  const filter: FilterName = wanted in FILTERS ? (wanted as FilterName) : "stuck";
  const connection = search.get("from") ?? "";
  const connections = useConnections();
  const found = useDeliveries([...FILTERS[filter]], connection);
  const ways = useInboxWays();
  const [open, setOpen] = useState<DeliveryShape | null>(null);
  const [busy, setBusy] = useState(false);

  const rows = found.data?.pages.flatMap((page) => page.items) ?? [];
  const titleOf = useTitles(rows.map((one) => ({ entity: one.record?.entity ?? null, record: one.record?.id ?? null })));
  const labelOf = (name: string) => connections.data?.find((one) => one.name === name)?.label ?? name;
  const picking = usePicked(filter === "stuck" || filter === "waiting" ? rows.map((one) => one.id) : []);
  const { picked } = picking;

  const set = (key: string, value: string) => {
    const next = new URLSearchParams(search);
    if (value) next.set(key, value);
    else next.delete(key);
    setSearch(next, { replace: true });
    picking.clear();
  };
  const replay = async () => {
    setBusy(true);
    const done = await ways.replayAll(picked);
    setBusy(false);
    picking.clear();
    if (done > 0) toast.say(t("inbox.replayed", { n: done }));
    if (done < picked.length) toast.warn(t("inbox.notReplayed", { n: picked.length - done }));
  };

  if (connections.isError) {
    return (
      <div className="runs">
        <PageHead title={t("inbox.title")} />
        <Failure error={connections.error} onRetry={() => void connections.refetch()} />
      </div>
    );
  }
  return (
    <div className="runs">
      <PageHead title={t("inbox.title")} note={t("inbox.lead")} />
      {connections.data && <Connections all={connections.data} chosen={connection} onChoose={(name) => set("from", name)} />}
      <div className="list-tools">
        <Segmented aria-label={t("list.filter")} value={filter} options={(Object.keys(FILTERS) as FilterName[]).map((one) => ({ value: one, label: t(`inbox.filter.${one}`) }))} onChange={(value) => set("state", value === "stuck" ? "" : String(value))} />
      </div>
      <PickBar picking={picking} label={t(filter === "stuck" ? "inbox.pickAll" : "inbox.pickWaiting", { n: picking.able.length })} none={t("inbox.replayNone")} many={t("inbox.replayMany", { n: picked.length })} busy={busy} onGo={() => void replay()} />
      <Rows found={found} rows={rows} none={t(filter === "stuck" ? "inbox.noneStuck" : "inbox.none")} hint={t("inbox.noneHint")}>
        {(one) => (
          <Row
            key={one.id}
            one={one}
            from={labelOf(one.connection)}
            title={titleOf(one.record?.entity ?? null, one.record?.id ?? null)}
            chosen={picking.has(one.id)}
            onChosen={(on) => picking.set(one.id, on)}
            onOpen={() => setOpen(one)}
          />
        )}
      </Rows>
      {open && <DeliveryDialog key={open.id} one={open} from={labelOf(open.connection)} into={connections.data?.find((one) => one.name === open.connection)?.into ?? null} onClose={() => setOpen(null)} />}
    </div>
  );
}

interface RowProps {
  one: DeliveryShape;
  from: string;
  title: string | undefined;
  chosen: boolean | undefined;
  onChosen: (on: boolean) => void;
  onOpen: () => void;
}

function Row({ one, from, title, chosen, onChosen, onOpen }: RowProps) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const say = useSay();
  const stuck = one.state === "quarantined";
  return (
    <li className="run-row">
      {chosen !== undefined && <Checkbox checked={chosen} aria-label={t("inbox.pick", { key: one.key })} onChange={(event) => onChosen(event.target.checked)} />}
      <div className="run-main">
        <button className="delivery-open" onClick={onOpen}>{glance(one.body) || t("inbox.emptyBody")}</button>
        {reasonsOf(one.reason).map((reason) => (
          <span key={reason.message} className="delivery-why">
            <span className="run-why">{reason.message}</span> {reason.fix && <span className="quiet small">{reason.fix}</span>}
          </span>
        ))}
        <span className="run-line quiet small">
          <span>{from}</span>
          <time dateTime={one.received_at} title={say.fully(one.received_at)}>{say.instant(one.received_at)}</time>
          {one.record && <Link to={recordPath(one.record.entity, one.record.id)}>{title ?? `${model.entities[one.record.entity]?.label ?? one.record.entity} #${one.record.id}`}</Link>}
          {one.mended && <span className="chip">{t("inbox.mended")}</span>}
        </span>
      </div>
      <Button onClick={onOpen}>{t(stuck ? "inbox.mend" : "inbox.look")}</Button>
    </li>
  );
}
