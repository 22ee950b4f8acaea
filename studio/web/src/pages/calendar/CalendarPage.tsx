import { LeftOutlined, RightOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { useEffect, useMemo } from "react";
import { Link, useSearchParams } from "react-router";
import { useRecords, type Asked } from "../../api/queries";
import type { EntityModel, ViewModel } from "../../api/types";
import { useSay, useSurroundings } from "../../app/session";
import { usePhone } from "../../app/theme";
import { fieldOf } from "../../fields/shape";
import { instantOf, sayMonth, wallText } from "../../format/moment";
import { useLanguage } from "../../i18n/language";
import { useNow } from "../../widgets/now";
import { Failure } from "../../widgets/Failure";
import { PageHead } from "../../widgets/PageHead";
import { entryForms } from "../entry/forms";
import { askedOf } from "../list/asked";
import { Filters } from "../list/Filters";
import { ListActions } from "../list/ListActions";
import { SearchBox } from "../list/SearchBox";
import { ViewSwitch } from "../list/ViewSwitch";
import { Agenda } from "./Agenda";
import { byDay, monthOf, pageOf, shifted } from "./month";
import { MonthGrid } from "./MonthGrid";
import "../list/list.css";
import "./calendar.css";

interface Props {
  name: string;
  view: ViewModel;
  entity: EntityModel;
}

/** So many records of one month are drawn; whoever has more narrows them. */
const MOST = 600;
const PAGE = 200;

/** A view by its date: a month on wide screens, an agenda on phones. */
export default function CalendarPage({ name, view, entity }: Props) {
  const { t, language } = useLanguage();
  const { model } = useSurroundings();
  const { timezone } = useSay();
  const phone = usePhone();
  const [search, setSearch] = useSearchParams();
  const today = wallText(new Date(useNow(60_000)).toISOString(), timezone).slice(0, 10);
  const month = monthOf(search.get("month"), today);
  const field = fieldOf(entity, view.time ?? "");
  const days = useMemo(() => pageOf(month), [month]);
  const [first = "", last = ""] = [days[0], days.at(-1)];

  const asked: Asked = { ...askedOf(name, search), sort: undefined, limit: PAGE };
  const exact = field?.type === "datetime";
  asked[`filter[${view.time}][ge]`] = exact ? instantOf(`${first}T00:00`, timezone) : first;
  asked[`filter[${view.time}][le]`] = exact ? instantOf(`${last}T23:59`, timezone) : last;
  // The state gives an entry its colour, whether or not the view shows it.
  const state = entity.fields.find((one) => one.type === "state")?.name;
  asked.columns = [...new Set([...view.columns.map((column) => column.key), view.time ?? "", ...(state ? [state] : [])])].filter(Boolean).join(",");
  const found = useRecords(entity.name, asked);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found;
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const count = found.data?.pages[0]?.count ?? 0;

  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && rows.length < MOST) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, rows.length]);

  const timed = view.columns.find((column) => column.type === "time")?.key;
  const entries = useMemo(() => byDay(rows, view.time ?? "", timed, timezone), [rows, view.time, timed, timezone]);

  const set = (key: string, value: string | null) =>
    setSearch((now) => {
      const next = new URLSearchParams(now);
      if (value) next.set(key, value);
      else next.delete(key);
      return next;
    }, { replace: true });
  const undated = new URLSearchParams({ as: "list", [`f.${view.time}`]: "empty:true" });

  return (
    <>
      <PageHead title={view.label}>
        <ViewSwitch entity={entity} current={name} />
        <Segmented aria-label={t("list.view")} value="calendar" options={[{ value: "calendar", label: t("cal.calendar") }, { value: "list", label: t("cal.list") }]} onChange={(value) => set("as", value === "list" ? "list" : null)} />
        <ListActions entity={entity} asked={{ view: name }} form={entryForms(model, entity.name)[0]} />
      </PageHead>
      <div className="list-tools">
        <SearchBox label={view.label} value={search.get("q") ?? ""} onChange={(q) => set("q", q)} />
        <Filters entity={entity} search={search} onChange={(next) => setSearch(next, { replace: true })} />
      </div>
      <div className="cal-head">
        <Button aria-label={t("cal.before")} icon={<LeftOutlined aria-hidden />} onClick={() => set("month", shifted(month, -1))} />
        <h2 aria-live="polite">{sayMonth(month, language)}</h2>
        <Button aria-label={t("cal.after")} icon={<RightOutlined aria-hidden />} onClick={() => set("month", shifted(month, 1))} />
        {month !== today.slice(0, 7) && <Button onClick={() => set("month", null)}>{t("cal.today")}</Button>}
        <Link className="cal-undated" to={`?${undated.toString()}`}>{t("cal.undated")}</Link>
      </div>
      {count > MOST && <p className="quiet">{t("cal.tooMany", { n: MOST, count })}</p>}
      {found.isError ? (
        <Failure error={found.error} onRetry={() => void found.refetch()} />
      ) : phone ? (
        <Agenda days={days.filter((day) => day.startsWith(month))} entries={entries} today={today} columns={view.columns} timed={timed} ready={found.isSuccess} />
      ) : (
        <MonthGrid days={days} month={month} entries={entries} today={today} />
      )}
    </>
  );
}
