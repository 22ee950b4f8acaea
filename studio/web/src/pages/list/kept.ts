import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api } from "../../api/client";
import { withoutFilters } from "./asked";

/** Filters under a name; `search` is their part of an address. */
export interface Named {
  name: string;
  search: string;
}

/** One that is kept on the server: the reader's own, or one of their team. */
export interface KeptFilter extends Named {
  id: number;
  mine: boolean;
  by: string;
  shared: boolean;
}

const keyOf = (entity: string) => `flowloom.filters.${entity}`;
const ours = (name: string) => name === "q" || name.startsWith("f.");

/** The part of an address that filters, in one order. */
function part(search: URLSearchParams): string {
  const found = new URLSearchParams([...search].filter(([name]) => ours(name)));
  found.sort();
  return found.toString();
}

/** What an earlier version kept on this device. */
function onDevice(entity: string): Named[] {
  try {
    return JSON.parse(localStorage.getItem(keyOf(entity)) ?? "[]") as Named[];
  } catch {
    return [];
  }
}

export const named = (name: string, search: URLSearchParams): Named => ({ name, search: part(search) });

/** The filters kept for a list, and the ways to keep and drop one. What this device had is moved to the server once. */
export function useKept(entity: string) {
  const client = useQueryClient();
  const key = ["filters", entity];
  const found = useQuery({ queryKey: key, queryFn: () => api.get<{ items: KeptFilter[] }>("/filters", { entity }).then((page) => page.items) });
  const again = () => client.invalidateQueries({ queryKey: ["filters", entity] });
  const keep = async (one: Named, shared: boolean) => {
    await api.post("/filters", { entity, ...one, shared });
    await again();
  };

  useEffect(() => {
    const left = onDevice(entity);
    if (left.length === 0) return;
    // Taken off the device first: another page that opens meanwhile must not send them, too.
    localStorage.removeItem(keyOf(entity));
    void (async () => {
      for (const one of left) {
        try {
          await api.post("/filters", { entity, ...one, shared: false });
        } catch {
          localStorage.setItem(keyOf(entity), JSON.stringify([...onDevice(entity), one]));
        }
      }
      await client.invalidateQueries({ queryKey: ["filters", entity] });
    })();
  }, [entity, client]);

  return {
    all: found.data ?? [],
    keep,
    drop: async (gone: KeptFilter) => {
      await api.remove(`/filters/${gone.id}`);
      await again();
    },
  };
}

export const sameFilters = (one: Named, search: URLSearchParams): boolean => one.search === part(search);

/** The address with these filters and no others; what else stands in it stays. */
export function withKept(search: URLSearchParams, one: Named): URLSearchParams {
  const next = withoutFilters(search);
  for (const [name, value] of new URLSearchParams(one.search)) next.append(name, value);
  return next;
}
