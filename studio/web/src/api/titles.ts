import { useQueries } from "@tanstack/react-query";
import { LIVE } from "../app/live";
import { useLanguage } from "../i18n/language";
import { api } from "./client";
import type { RecordPage } from "./types";

interface Pointed {
  entity: string | null;
  record: number | null;
}

/** The titles of records that rows point to, asked together for each entity; none for what the reader may not see. */
export function useTitles(rows: Pointed[]): (entity: string | null, record: number | null) => string | undefined {
  const { language } = useLanguage();
  const wanted = new Map<string, Set<number>>();
  for (const { entity, record } of rows) if (entity && record) wanted.set(entity, (wanted.get(entity) ?? new Set()).add(record));
  const asked = [...wanted].map(([entity, ids]) => ({ entity, ids: [...ids].sort((a, b) => a - b) }));
  const found = useQueries({
    queries: asked.map(({ entity, ids }) => ({
      queryKey: [LIVE, language, "titles", entity, ids.join(",")],
      retry: false,
      queryFn: () => api.get<RecordPage>(`/records/${entity}`, { "filter[id][in]": ids.join(","), limit: ids.length }),
    })),
  });
  const titles = new Map(found.flatMap((answer) => answer.data?.items ?? []).map((one) => [`${one.entity}/${one.id}`, one.title]));
  return (entity, record) => titles.get(`${entity}/${record}`);
}
