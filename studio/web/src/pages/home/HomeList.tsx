import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { MenuEntry, RecordPage } from "../../api/types";
import { LIVE } from "../../app/live";
import { pathOf } from "../../app/paths";
import { useSurroundings } from "../../app/session";
import { usePhone } from "../../app/theme";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { Cards } from "../list/Cards";
import { Table } from "../list/Table";
import "../list/list.css";

const ROWS = 6;

/** The first rows of a view, and how many there are. */
export function HomeList({ entry }: { entry: MenuEntry }) {
  const { t, language } = useLanguage();
  const { model } = useSurroundings();
  const phone = usePhone();
  const view = model.views[entry.name];
  const found = useQuery({
    queryKey: [LIVE, language, "home", entry.name],
    enabled: view !== undefined,
    queryFn: ({ signal }) => api.get<RecordPage>(`/records/${view?.entity}`, { view: entry.name, limit: ROWS, count: 1 }, signal),
  });
  if (!view) return null;
  const rows = found.data?.items ?? [];
  return (
    <section className="home-list">
      <header>
        <h2>{entry.label}</h2>
        {found.data?.count !== undefined && <span className="quiet">{t("list.count", { n: found.data.count })}</span>}
        <Link to={pathOf(entry)}>{t("home.all")}</Link>
      </header>
      {found.isError && <Failure error={found.error} onRetry={() => void found.refetch()} />}
      {found.isSuccess && rows.length === 0 && <p className="home-none">{t("list.nothing", { label: entry.label })}</p>}
      {rows.length > 0 && (phone ? <Cards rows={rows.slice(0, 3)} columns={view.columns} lines={3} /> : <Table rows={rows} columns={view.columns} />)}
    </section>
  );
}
