import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { LIVE, refreshLive } from "../app/live";
import { useLanguage } from "../i18n/language";
import { api } from "./client";
import type { Json } from "./types";

export interface RunShape {
  id: number;
  trigger: string;
  label: string;
  entity: string | null;
  record: number | null;
  event: string;
  state: "waiting" | "queued" | "done" | "failed" | "stopped" | "skipped" | "cancelled" | "quarantined";
  at: string;
  ended_at: string | null;
  revision: number | null;
  /** File, line and column of the rule. */
  where: string;
  reason: string;
  /** Where it stands now. */
  step: { action: string; where: string } | null;
  /** When it goes on by itself. */
  due: string | null;
  attempts: number;
  error: string | null;
}

export interface RunStep {
  path: string;
  at: string;
  result: string;
  step: string;
  where?: string;
  ms?: number;
  attempt?: number;
  /** When it is tried again, or what it waits for. */
  again?: string;
  until?: string;
  failed?: string;
  value?: Json;
}

export interface RunRead extends RunShape {
  steps: RunStep[];
  notes: ({ at: string; kind: string } & Record<string, Json>)[];
  /** What was to be sent where it stopped; only for those who may audit. */
  input?: { [key: string]: Json } | null;
}

export type RunFilter = "all" | "dead" | "live" | "done";

export const isDead = (run: RunShape) => run.state === "failed" || run.state === "quarantined";
export const isLive = (run: RunShape) => run.state === "waiting" || run.state === "queued";

/** Runs of rules, the latest first, page by page. */
export function useRuns(filter: RunFilter, trigger: string, record: string) {
  const { language } = useLanguage();
  return useInfiniteQuery({
    queryKey: [LIVE, language, "runs", filter, trigger, record],
    initialPageParam: "",
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
    queryFn: ({ pageParam, signal }) =>
      api.get<{ items: RunShape[]; next: string | null }>("/runs", { state: filter === "all" ? undefined : filter, trigger, record, limit: 50, cursor: pageParam }, signal),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

export function useRun(id: number) {
  const { language } = useLanguage();
  return useQuery<RunRead>({
    queryKey: [LIVE, language, "run", id],
    // A run that goes on writes no record, so the change counter does not tell.
    refetchInterval: (query) => (query.state.data && isLive(query.state.data) ? 2_000 : false),
    queryFn: ({ signal }) => api.get<RunRead>(`/runs/${id}`, undefined, signal),
  });
}

export interface PausedRule {
  trigger: string;
  label: string;
  at: string;
  /** The whole chain by the names of its rules. */
  chain: string;
  /** The rules that led into the circle, and those it goes round, in the order they came. */
  into: { trigger: string; label: string }[];
  round: { trigger: string; label: string }[];
  entity: string | null;
  record: number | null;
  /** Whose change set it off; nobody where it was a time or something from outside. */
  by: string | null;
}

/** Rules that were paused for going in a circle, the latest first. */
export function usePaused() {
  const { language } = useLanguage();
  return useQuery({
    queryKey: [LIVE, language, "runs", "paused"],
    refetchInterval: 10_000,
    queryFn: ({ signal }) => api.get<{ items: PausedRule[] }>("/runs/paused", undefined, signal),
    select: (answer) => answer.items,
  });
}

export function useRunWays() {
  const client = useQueryClient();
  const then = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } finally {
      await refreshLive(client);
    }
  };
  return {
    retry: (id: number, how: { input?: Json; current?: boolean }) => then(api.post<RunRead>(`/runs/${id}/retry`, how)),
    /** Retries one after the other; how many go on. What is refused stays where it is. */
    retryAll: (ids: number[]) =>
      then(
        ids.reduce(
          async (before, id) => (await before) + (await api.post(`/runs/${id}/retry`).then(() => 1, () => 0)),
          Promise.resolve(0),
        ),
      ),
    resume: (triggers: string[]) => then(Promise.all(triggers.map((trigger) => api.remove(`/runs/paused/${trigger}`)))),
    end: (id: number) => then(api.remove(`/runs/${id}`)),
  };
}
