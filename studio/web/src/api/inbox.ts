import { useQuery, useQueryClient } from "@tanstack/react-query";
import { LIVE, refreshLive } from "../app/live";
import { useLanguage } from "../i18n/language";
import { api } from "./client";
import type { ProblemLine, Values } from "./types";

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
  problems?: ProblemLine[];
}

const MOST = 500;

export function useConnections() {
  const { language } = useLanguage();
  return useQuery({
    queryKey: [LIVE, language, "connections"],
    queryFn: ({ signal }) => api.get<{ items: ConnectionShape[] }>("/connections", undefined, signal),
    select: (answer) => answer.items,
  });
}

/** Deliveries in some states, the oldest first. */
export function useDeliveries(states: DeliveryState[]) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: [LIVE, language, "inbox", ...states],
    queryFn: async ({ signal }) => {
      const lists = await Promise.all(states.map((state) => api.get<{ items: DeliveryShape[] }>("/inbox", { state, limit: MOST }, signal)));
      return lists.flatMap((list) => list.items);
    },
  });
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
