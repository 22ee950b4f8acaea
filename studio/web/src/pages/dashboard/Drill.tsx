import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Drawer } from "antd";
import { api } from "../../api/client";
import type { Asked } from "../../api/queries";
import type { Column, Json, RecordPage } from "../../api/types";
import { LIVE } from "../../app/live";
import { useSurroundings } from "../../app/session";
import { usePhone } from "../../app/theme";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { Splash } from "../../widgets/Splash";
import { Cards } from "../list/Cards";
import { Table } from "../list/Table";
import "../list/list.css";

export interface Drilled {
  tile: string;
  label: string;
  point: Json | undefined;
  pointLabel: string;
}

interface Props {
  dashboard: string;
  drilled: Drilled;
  asked: Asked;
  onClose: () => void;
}

const MOST_COLUMNS = 6;

/** Exactly the records behind a number, in a drawer. */
export function Drill({ dashboard, drilled, asked, onClose }: Props) {
  const { t, language } = useLanguage();
  const { model } = useSurroundings();
  const phone = usePhone();
  const point = drilled.point === undefined || drilled.point === null ? undefined : typeof drilled.point === "string" ? drilled.point : JSON.stringify(drilled.point);
  const found = useInfiniteQuery({
    queryKey: [LIVE, language, "drill", dashboard, drilled.tile, point, asked],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      api.get<RecordPage>(
        `/dashboards/${dashboard}/tiles/${drilled.tile}/records`,
        { ...asked, point, limit: 50, cursor: pageParam || undefined, count: pageParam ? undefined : 1 },
        signal,
      ),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const rows = found.data?.pages.flatMap((page) => page.items) ?? [];
  const count = found.data?.pages[0]?.count;
  const entity = model.entities[rows[0]?.entity ?? ""];
  const view = entity?.views.map((name) => model.views[name]).find((one) => one?.show === "list");
  const columns: Column[] = (view?.columns ?? []).filter((column) => !column.key.startsWith("=")).slice(0, MOST_COLUMNS);

  return (
    <Drawer
      open
      onClose={onClose}
      placement={phone ? "bottom" : "right"}
      size={phone ? "88dvh" : 860}
      title={count === undefined ? t("dash.drillPlain", { label: drilled.label }) : t("dash.drill", { label: drilled.label, n: count.toLocaleString("en-US") })}
    >
      {drilled.pointLabel && <p className="quiet">{t("dash.point", { point: drilled.pointLabel })}</p>}
      {found.isPending && <Splash inPage />}
      {found.isError && <Failure error={found.error} onRetry={() => void found.refetch()} />}
      {found.isSuccess && rows.length === 0 && <p className="quiet">{t("dash.noNumbers")}</p>}
      {rows.length > 0 && (phone ? <Cards rows={rows} columns={columns} /> : <Table rows={rows} columns={columns} />)}
      {found.hasNextPage && (
        <div className="list-end">
          <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{t("list.loadMore")}</Button>
        </div>
      )}
    </Drawer>
  );
}
