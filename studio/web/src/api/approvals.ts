import { useQuery, useQueryClient } from "@tanstack/react-query";
import { APPROVALS, LIVE, refreshLive } from "../app/live";
import { useLanguage } from "../i18n/language";
import { api } from "./client";
import type { ProblemLine, RecordShape } from "./types";

export interface PersonRef {
  id: number;
  name: string;
}

/** One place to be filled: the people who may fill it, and what one of them said. */
export interface Seat {
  people: PersonRef[];
  decided: { by: PersonRef; decision: "approve" | "reject"; note: string; at: string } | null;
}

/** A piece of evidence; `ok` is false once it is no longer what was submitted. */
export interface Evidence {
  field: string;
  label: string;
  file: string | null;
  name: string | null;
  size: number | null;
  ok: boolean;
  problem: string;
}

export interface ApprovalShape {
  id: number;
  kind: "transition" | "create" | "publish" | "step";
  entity: string | null;
  record: number | null;
  title: string;
  what: string;
  state: "open" | "approved" | "rejected" | "withdrawn" | "expired" | "void";
  mode: "any" | "all" | "sequence";
  asked_by: PersonRef | null;
  asked_at: string;
  due: string | null;
  ended_at: string | null;
  note: string;
  passed_on: boolean;
  where: string;
  /** What will be written; a publish tells it in sentences. */
  changes: ({ field: string; label: string; value: string } | string)[];
  evidence: Evidence[];
  seats: Seat[];
  waits_for: PersonRef[];
  can: { approve: boolean; reject: boolean; withdraw: boolean; delegate: boolean };
}

export type Decision = "approve" | "reject" | "withdraw" | "delegate";

/** The code of the warning that says: submitted, somebody has to agree first. */
export const SUBMITTED = "R140";

/** The sentence of a write that was submitted for approval and has not happened yet; undefined where it has. */
export const submitted = (warnings: readonly object[] | undefined): string | undefined =>
  (warnings ?? []).find((one): one is ProblemLine => "code" in one && one.code === SUBMITTED)?.message;

/** What waits for the reader, and what the reader asked for. The navigation counts by it, so it is asked rarely. */
export function useApprovals() {
  const { language } = useLanguage();
  return useQuery({
    queryKey: [APPROVALS, language],
    staleTime: 30_000,
    refetchInterval: 60_000,
    queryFn: ({ signal }) => api.get<{ to_decide: ApprovalShape[]; asked: ApprovalShape[] }>("/approvals", undefined, signal),
  });
}

/** How many approvals wait for the reader. */
export const useToDecide = (): number => useApprovals().data?.to_decide.length ?? 0;

/** Every approval about a record, the latest first. */
export function useRecordApprovals(entity: string, id: number) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: [LIVE, language, "approvals", entity, id],
    queryFn: ({ signal }) => api.get<{ items: ApprovalShape[] }>(`/records/${entity}/${id}/approvals`, undefined, signal),
    select: (answer) => answer.items,
  });
}

/** Says a word on an approval; afterwards every open page is as it is now, also when somebody was first. */
export function useDecide() {
  const client = useQueryClient();
  return async (id: number, decision: Decision, note: string, to?: number) => {
    try {
      return await api.post<ApprovalShape & { moved: RecordShape | null }>(`/approvals/${id}`, { decision, note, ...(to === undefined ? {} : { to }) });
    } finally {
      await refreshLive(client);
    }
  };
}
