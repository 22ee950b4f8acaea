import { Button } from "antd";
import { useSearchParams } from "react-router";
import { Link } from "react-router";
import { useRecords } from "../../api/queries";
import type { Column, EntityModel, ViewModel } from "../../api/types";
import { pathOf } from "../../app/paths";
import { useSurroundings } from "../../app/session";
import { usePhone } from "../../app/theme";
import { useLanguage } from "../../i18n/language";
import { Blank } from "../../widgets/Blank";
import { Failure } from "../../widgets/Failure";
import { PageHead } from "../../widgets/PageHead";
import { Splash } from "../../widgets/Splash";
import { entryForms } from "../entry/forms";
import { askedOf, filtersIn, withoutFilters } from "./asked";
import { Cards } from "./Cards";
import { Filters } from "./Filters";
import { ImportWay, ListActions } from "./ListActions";
import { SearchBox } from "./SearchBox";
import { Table } from "./Table";
import { ViewSwitch } from "./ViewSwitch";
import "./list.css";

const MOST_PLAIN_COLUMNS = 8;

interface Props {
  name: string | undefined;
  view: ViewModel | undefined;
  entity: EntityModel;
}

/** The columns of a view; without a view the first fields people fill in. */
function columnsOf(view: ViewModel | undefined, entity: EntityModel): Column[] {
  if (view?.columns.length) return view.columns;
  return entity.fields
    .filter((field) => !["long_text", "json", "backlink", "file", "image"].includes(field.type))
    .slice(0, MOST_PLAIN_COLUMNS)
    .map((field) => ({ key: field.name, label: field.label, type: field.type }));
}

export function ListPage({ name, view, entity }: Props) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const phone = usePhone();
  const [search, setSearch] = useSearchParams();
  const asked = askedOf(name, search);
  const records = useRecords(entity.name, asked);
  const pages = records.data?.pages ?? [];
  const rows = pages.flatMap((page) => page.items);
  const count = pages[0]?.count;
  const columns = columnsOf(view, entity);
  const narrowed = Boolean(search.get("q")) || filtersIn(search).length > 0;
  const label = view?.label ?? entity.label;
  const form = entryForms(model, entity.name)[0];

  return (
    <>
      <PageHead title={label} note={count === undefined ? undefined : t("list.count", { n: count.toLocaleString("en-US") })}>
        <ViewSwitch entity={entity} current={name} />
        <ListActions entity={entity} asked={asked} form={form} />
      </PageHead>
      <div className="list-tools">
        <SearchBox label={label} value={search.get("q") ?? ""} onChange={(q) => setSearch((now) => withWords(now, q), { replace: true })} />
        <Filters entity={entity} search={search} onChange={(next) => setSearch(next, { replace: true })} />
      </div>
      {records.isError ? (
        <Failure error={records.error} onRetry={() => void records.refetch()} />
      ) : records.isPending ? (
        <Splash inPage />
      ) : rows.length === 0 ? (
        narrowed ? (
          <Blank title={t("list.noMatch", { label: entity.label })} hint={t("list.noMatchHint")}>
            <Button onClick={() => setSearch(withoutFilters(search))}>{t("list.clear")}</Button>
          </Blank>
        ) : (
          <Blank title={t("list.nothing", { label: label })} hint={t("list.nothingHint")}>
            {form && (
              <Link className="link-button" to={pathOf({ kind: "form", name: form })}>
                {t("entry.title", { label: entity.label })}
              </Link>
            )}
            <ImportWay entity={entity} worded />
          </Blank>
        )
      ) : (
        <>
          {phone ? (
            <Cards rows={rows} columns={columns} />
          ) : (
            <Table rows={rows} columns={columns} sort={asked.sort as string | undefined} onSort={(sort) => setSearch((now) => withSort(now, sort), { replace: true })} />
          )}
          <div className="list-end">
            {records.hasNextPage ? (
              <Button loading={records.isFetchingNextPage} onClick={() => void records.fetchNextPage()}>
                {t("list.loadMore")}
              </Button>
            ) : (
              <span className="quiet small">{t("list.allShown")}</span>
            )}
          </div>
        </>
      )}
    </>
  );
}

function withWords(now: URLSearchParams, q: string): URLSearchParams {
  const next = new URLSearchParams(now);
  if (q) next.set("q", q);
  else next.delete("q");
  return next;
}

function withSort(now: URLSearchParams, sort: string | null): URLSearchParams {
  const next = new URLSearchParams(now);
  if (sort) next.set("sort", sort);
  else next.delete("sort");
  return next;
}
