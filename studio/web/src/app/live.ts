import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api } from "../api/client";

const PACE = 1_000;
const PACE_ON_PHONES = 3_000;

/** Everything that shows records lives under this key, so one growth of the counter refreshes what is open. */
export const LIVE = "live";
/** What waits for the reader's word. It is asked again when a message came, not with every change of any record. */
export const APPROVALS = "approvals";

/** `n` grows with every change; `revision` is what runs; `unread` are the reader's messages. */
export interface Changes {
  n: number;
  revision?: number;
  unread?: number;
}

export const askChanges = () => api.get<Changes>("/changes");

export async function refreshLive(client: QueryClient): Promise<void> {
  await Promise.all([client.invalidateQueries({ queryKey: [LIVE] }), client.invalidateQueries({ queryKey: [APPROVALS] })]);
}

/** Asks the cheap change counter while the page is visible, and refreshes open pages when it grew. */
export function useChanges(): void {
  const client = useQueryClient();
  useEffect(() => {
    const pace = window.matchMedia("(pointer: coarse)").matches ? PACE_ON_PHONES : PACE;
    let seen: Changes | null = null;
    let stopped = false;
    let timer = 0;
    const ask = async () => {
      if (!document.hidden) {
        try {
          const now = await askChanges();
          client.setQueryData(["changes"], now);
          if (seen && seen.revision !== now.revision) await client.invalidateQueries();
          else if (seen && seen.n !== now.n && !stopped) await client.invalidateQueries({ queryKey: [LIVE] });
          if (seen && seen.unread !== now.unread) await client.invalidateQueries({ queryKey: [APPROVALS] });
          seen = now;
        } catch {
          // Offline for a moment: the next round asks again.
        }
      }
      if (!stopped) timer = window.setTimeout(() => void ask(), pace);
    };
    void ask();
    return () => {
      stopped = true;
      window.clearTimeout(timer);
    };
  }, [client]);
}
