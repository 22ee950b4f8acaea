import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { LIVE, refreshLive } from "../app/live";
import { useLanguage } from "../i18n/language";
import { api } from "./client";
import type { ProblemLine, RecordShape, Values } from "./types";

/** How a connection that is fetched goes. */
export interface Polled {
  next: string | null;
  busy?: boolean;
  looked_at: string | null;
  came?: number | null;
  failing_since: string | null;
  error: string | null;
}

export interface ConnectionShape {
  name: string;
  label: string;
  connector: string;
  into: string | null;
  address: string | null;
  /** The connector in words. */
  kind: string;
  state: "working" | "silent" | "attention";
  /** What a person has to look at. */
  why: { message: string; fix: string; code: string } | null;
  /** What came since midnight of the site. */
  today: Partial<Record<DeliveryState, number>>;
  secrets: { name: string; set: boolean }[];
  can: { probe: boolean; poll: boolean; upload: boolean; try: boolean };
  counts: Partial<Record<DeliveryState, number>>;
  last: string | null;
  silent_since: string | null;
  /** When something is to be expected: a wall clock, or a span. */
  expect?: { by: string | null; every: string | null } | null;
  poll?: Polled | null;
}

export type DeliveryState = "new" | "parked" | "quarantined" | "skipped" | "done";

/** What was made of a delivery. */
export interface Receipt {
  id: number;
  state: DeliveryState;
  record?: { entity: string; id: number };
  action?: string;
  reason?: string;
  replayed?: boolean;
}

export interface DeliveryShape extends Receipt {
  connection: string;
  key: string;
  received_at: string;
  happened_at: string | null;
  kind: string;
  body: string;
  mended: boolean;
}

/** What would come of one piece of a body. */
export interface Tried {
  action: string;
  record?: number | null;
  values?: Values;
  shown?: Record<string, string>;
  links?: RecordShape["links"];
  problems?: ProblemLine[];
}

const PAGE = 50;

/** Every way in and out. Fetching writes no record, so the change counter does not tell: while `watched` is fetched it is asked anew. */
export function useConnections(watched = false) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: [LIVE, language, "connections"],
    refetchInterval: watched ? 1_500 : 30_000,
    queryFn: ({ signal }) => api.get<{ items: ConnectionShape[] }>("/connections", undefined, signal),
    select: (answer) => answer.items,
  });
}

/** Deliveries in some states, of one connection if named, page by page: what waits the oldest first, what is over the latest. */
export function useDeliveries(states: DeliveryState[], connection: string) {
  const { language } = useLanguage();
  return useInfiniteQuery({
    queryKey: [LIVE, language, "inbox", connection, ...states],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      api.get<{ items: DeliveryShape[]; next: string | null }>("/inbox", { state: states.join(","), connection, limit: PAGE, cursor: pageParam }, signal),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

/** What a table brought. */
export interface Uploaded {
  new: number;
  known: number;
  waiting: number;
}

/** What a person does with a connection. */
export function useConnectionWays() {
  const client = useQueryClient();
  const at = (name: string, what: string) => `/connections/${encodeURIComponent(name)}/${what}`;
  const wrapped = (file: File) => {
    const form = new FormData();
    form.append("file", file, file.name);
    return form;
  };
  return {
    probe: (name: string) => api.post<{ said: string }>(at(name, "probe")),
    poll: async (name: string) => {
      const answer = await api.post<{ asked: boolean }>(at(name, "poll"));
      await client.invalidateQueries({ queryKey: [LIVE] });
      return answer;
    },
    upload: async (name: string, file: File) => {
      try {
        return await api.form<Uploaded>(at(name, "upload"), wrapped(file));
      } finally {
        await refreshLive(client);
      }
    },
    attempt: (name: string, text: string, kind: string) => api.raw<{ items: Tried[] }>(at(name, "try"), text, kind),
    attemptFile: (name: string, file: File) => api.form<{ items: Tried[] }>(at(name, "try"), wrapped(file)),
  };
}

export function useInboxWays() {
  const client = useQueryClient();
  const replay = (id: number, body?: string) => api.post<Receipt>(`/inbox/${id}/replay`, body === undefined ? undefined : { body });
  return {
    replay: async (id: number, body?: string) => {
      try {
        return await replay(id, body);
      } finally {
        await refreshLive(client);
      }
    },
    /** Replays one after the other; how many were taken this time. */
    replayAll: async (ids: number[]) => {
      let done = 0;
      for (const id of ids) {
        const state = await replay(id).then((receipt) => receipt.state, () => "quarantined");
        if (state === "done" || state === "skipped") done += 1;
      }
      await refreshLive(client);
      return done;
    },
    attempt: (connection: string, body: string, kind: string) => api.raw<{ items: Tried[] }>(`/connections/${connection}/try?kept=1`, body, kind),
  };
}
