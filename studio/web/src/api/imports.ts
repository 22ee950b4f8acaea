import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLanguage } from "../i18n/language";
import { address, api } from "./client";
import { sendFile } from "./files";
import type { Json } from "./types";

export type ImportState = "draft" | "checking" | "checked" | "running" | "stopped" | "done" | "undoing" | "undone";
export type Why = "name" | "same" | "sound" | "part" | "content" | "before";

export interface ImportShape {
  number: number;
  entity: string;
  label: string;
  file: string;
  state: ImportState;
  at: string;
  by: string;
  by_command: boolean;
  /** Rows; null while they are not counted. */
  total: number | null;
  done: number;
  counts: { created: number; matched: number; bad: number; twins: number };
  error: string | null;
}

export interface ImportWhole extends ImportShape {
  found: {
    encoding: string | null;
    sheets: string[] | null;
    sheet: string | null;
    /** In bytes. */
    size: number | null;
    heading: number;
    columns: { name: string; samples: string[] }[];
    /** Why a field was given its column. */
    why: Record<string, Why>;
  };
  plan: { map: Record<string, string>; set: Record<string, Json>; match_on: string[] };
  /** Fields the reader may fill from a file. */
  fields: string[];
  may_update: boolean;
  /** The same file, taken in earlier. */
  before: ImportShape | null;
}

export interface RowProblem {
  code: string;
  message: string;
  fix: string;
  field: string;
  column: string | null;
}

export interface ImportRow {
  row: number;
  action: "bad" | "twin" | "created" | "matched";
  problems: RowProblem[];
  cells: Record<string, string>;
}

export interface RowKind extends Partial<RowProblem> {
  kind: string;
  count: number;
  twin: boolean;
}

export interface TakenRecord {
  row: number;
  action: "created" | "matched" | "undone" | "left";
  id: number | null;
  title: string | null;
  why: string[];
}

export interface Lost {
  created: number;
  matched: number;
  told: number;
  changed: { count: number; items: { id: number; title: string }[] };
  rules: { rule: string; label: string; count: number }[];
}

interface RowsPage {
  items: ImportRow[];
  kinds: RowKind[];
  next: number | null;
}

/** How long between two looks at what goes on, in milliseconds. */
const LOOK = 700;
const PAGE = 30;
export const MOVING: ImportState[] = ["checking", "running", "undoing"];

export const sendSheet = (entity: string, file: File, told: (share: number) => void) =>
  sendFile<ImportWhole>(address(`/imports/${entity}`), file, told);

export function useImports(entity: string) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: ["imports", entity, language],
    staleTime: 0,
    queryFn: () => api.get<{ items: ImportShape[] }>("/imports", { entity, limit: 20 }).then((page) => page.items),
  });
}

/** One import, looked at again and again while it goes on. */
export function useImport(number: number) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: ["import", number, language],
    staleTime: 0,
    queryFn: () => api.get<ImportWhole>(`/imports/${number}`),
    refetchInterval: (query) => (query.state.data && MOVING.includes(query.state.data.state) ? LOOK : false),
  });
}

export function useImportRows(number: number, kind: string, on: boolean) {
  const { language } = useLanguage();
  return useInfiniteQuery({
    queryKey: ["import", number, "rows", kind, language],
    enabled: on,
    staleTime: 0,
    initialPageParam: 0,
    queryFn: ({ pageParam }) => api.get<RowsPage>(`/imports/${number}/rows`, { kind, after: pageParam || undefined, limit: PAGE }),
    getNextPageParam: (last) => last.next ?? undefined,
  });
}

export function useTakenRecords(number: number, on: boolean) {
  const { language } = useLanguage();
  return useInfiniteQuery({
    queryKey: ["import", number, "records", language],
    enabled: on,
    staleTime: 0,
    initialPageParam: 0,
    queryFn: ({ pageParam }) => api.get<{ items: TakenRecord[]; next: number | null }>(`/imports/${number}/records`, { after: pageParam || undefined, limit: PAGE }),
    getNextPageParam: (last) => last.next ?? undefined,
  });
}

export const lostBy = (number: number) => api.get<Lost>(`/imports/${number}/undo`);
export const errorsOf = (number: number) => address(`/imports/${number}/errors.csv`);

/** What can be done with an import; whatever it answers is shown at once. */
export function useImportWays(number: number) {
  const client = useQueryClient();
  const { language } = useLanguage();
  const show = async (asked: Promise<ImportWhole>) => {
    const now = await asked;
    client.setQueryData(["import", number, language], now);
    await client.invalidateQueries({ queryKey: ["import", number] });
    return now;
  };
  return {
    arrange: (body: Partial<{ map: Record<string, string>; set: Record<string, Json>; match_on: string[]; sheet: string; heading: number }>) =>
      show(api.patch<ImportWhole>(`/imports/${number}`, body)),
    go: (what: "check" | "start" | "stop" | "undo", body?: { again: boolean }) => show(api.post<ImportWhole>(`/imports/${number}/${what}`, body)),
    mend: async (row: number, cells: Record<string, string>) => {
      const after = await api.patch<ImportRow>(`/imports/${number}/rows/${row}`, { cells });
      await client.invalidateQueries({ queryKey: ["import", number] });
      return after;
    },
    drop: () => api.remove(`/imports/${number}`),
  };
}
