import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../i18n/language";
import { api } from "./client";
import type { Json } from "./types";

export interface Happening {
  at: string;
  kind: string;
  title: string;
  body: string;
  by: string;
  to: string[];
  where: string;
  changes: { field: string; label: string; before: Json; after: Json }[];
}

/** What would happen to a record within a span if nobody acted, played on a copy. */
export interface AheadShape {
  from: string;
  until: string;
  happenings: Happening[];
  /** field -> before and after as text; `gone` where the record would be. */
  differs: Record<string, { before: string; after: string }> | { gone: true };
  scenario: string;
  saved?: string;
}

const pathOf = (entity: string, id: number) => `/records/${entity}/${id}/ahead`;

/** Asked only when wanted: playing time costs the server more than a look. */
export function useAhead(entity: string, id: number, version: number, span: string) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: ["ahead", language, entity, id, version, span],
    staleTime: 60_000,
    retry: false,
    placeholderData: (before: AheadShape | undefined) => before,
    queryFn: () => api.post<AheadShape>(pathOf(entity, id), { for: span }),
  });
}

export const saveAhead = (entity: string, id: number, span: string, path: string) => api.post<AheadShape>(pathOf(entity, id), { for: span, save: path });
