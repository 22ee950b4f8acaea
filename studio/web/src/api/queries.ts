import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { askChanges, LIVE, refreshLive, type Changes } from "../app/live";
import { useLanguage } from "../i18n/language";
import { api } from "./client";
import type { Board, Notice, Offered, RecordPage, RecordShape, TimelineEntry, Values, Why, Written } from "./types";

export type Asked = Record<string, string | number | undefined>;

const PAGE = 50;

/** A list of records, page by page. */
export function useRecords(entity: string, asked: Asked, enabled = true) {
  const { language } = useLanguage();
  return useInfiniteQuery({
    queryKey: [LIVE, language, "records", entity, asked],
    enabled,
    initialPageParam: "",
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam, signal }) =>
      api.get<RecordPage>(
        `/records/${entity}`,
        { limit: PAGE, ...asked, cursor: pageParam || undefined, count: pageParam ? undefined : 1 },
        signal,
      ),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

export function useRecord(entity: string, id: number) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: [LIVE, language, "record", entity, id],
    queryFn: ({ signal }) => api.get<RecordShape>(`/records/${entity}/${id}`, undefined, signal),
  });
}

export function useOffered(entity: string, id: number, enabled = true) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: [LIVE, language, "offered", entity, id],
    enabled,
    queryFn: ({ signal }) => api.get<{ items: Offered[] }>(`/records/${entity}/${id}/transitions`, undefined, signal),
    select: (answer) => answer.items,
  });
}

export function useTimeline(entity: string, id: number) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: [LIVE, language, "timeline", entity, id],
    queryFn: ({ signal }) => api.get<{ items: TimelineEntry[] }>(`/records/${entity}/${id}/timeline`, undefined, signal),
  });
}

export function useWhy(entity: string, id: number, enabled: boolean) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: [LIVE, language, "why", entity, id],
    enabled,
    queryFn: ({ signal }) => api.get<Why>(`/records/${entity}/${id}/why`, undefined, signal),
  });
}

export function boardKey(language: string, view: string, asked: Asked) {
  return [LIVE, language, "board", view, asked];
}

export function useBoard(view: string, asked: Asked, paused: boolean) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: boardKey(language, view, asked),
    // A card in the hand must not jump: refreshing waits until it is put down.
    enabled: !paused,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => api.get<Board>(`/boards/${view}`, asked, signal),
  });
}

/** Moves a record along a transition; every open page is refreshed afterwards, also after a refusal. */
export function useTransition() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ record, name, values }: { record: RecordShape; name: string; values?: Values }) =>
      api.post<Written>(
        `/records/${record.entity}/${record.id}/transitions/${name}`,
        { values: values ?? {} },
        record.version,
      ),
    onSettled: () => refreshLive(client),
  });
}

/** Saves changed fields of a record, unless somebody saved first (412). */
export function useSave() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ entity, id, version, values }: { entity: string; id: number; version: number; values: Values }) =>
      api.patch<{ record: RecordShape }>(`/records/${entity}/${id}`, { values }, version),
    onSettled: () => refreshLive(client),
  });
}

export function useNotices() {
  const { language } = useLanguage();
  return useQuery({
    queryKey: [LIVE, language, "notices"],
    queryFn: ({ signal }) => api.get<{ items: Notice[] }>("/notifications", undefined, signal),
  });
}

/** How many messages are unread, as the change counter last told. */
export function useUnread(): number {
  return useQuery<Changes>({ queryKey: ["changes"], queryFn: askChanges, enabled: false }).data?.unread ?? 0;
}
