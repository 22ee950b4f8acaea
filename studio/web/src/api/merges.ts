import { useQuery, useQueryClient } from "@tanstack/react-query";
import { LIVE, refreshLive } from "../app/live";
import { useLanguage } from "../i18n/language";
import { api } from "./client";
import type { Json, RecordShape } from "./types";

export type Choice = "mine" | "theirs" | "both";

/** One field of two records, with which value is proposed. */
export interface Side {
  name: string;
  label: string;
  type: string;
  mine: Json;
  theirs: Json;
  mine_shown: string;
  theirs_shown: string;
  choice: Choice;
  /** Lists may keep what either has. */
  both: boolean;
  same: boolean;
  /** The reader may not decide it. */
  locked: boolean;
}

export interface SideBySide {
  record: RecordShape;
  other: RecordShape;
  fields: Side[];
  /** What points to the other and will point to this one. */
  links: { entity: string; label: string; field: string; count: number }[];
  score: number | null;
  reasons: string[];
}

export interface MergeTold {
  number: number;
  record: number;
  other: number;
  title: string;
  by: string;
  at: string;
  undo_until: string;
  undone_at: string | null;
  can_undo: boolean;
}

const pathOf = (entity: string, id: number) => `/records/${entity}/${id}/merge`;

export function useSideBySide(entity: string, id: number, other: number) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: [LIVE, language, "merge", entity, id, other],
    retry: false,
    queryFn: ({ signal }) => api.get<SideBySide>(pathOf(entity, id), { other }, signal),
  });
}

export function useMerges() {
  const client = useQueryClient();
  return {
    merge: async (seen: SideBySide, choose: Record<string, Choice>) => {
      const { record, other } = seen;
      const answer = await api.post<{ merge: MergeTold }>(pathOf(record.entity, record.id), { other: other.id, choose, versions: { mine: record.version, theirs: other.version } });
      await refreshLive(client);
      return answer.merge;
    },
    undo: async (number: number) => {
      await api.post(`/merges/${number}/undo`);
      await refreshLive(client);
    },
  };
}
