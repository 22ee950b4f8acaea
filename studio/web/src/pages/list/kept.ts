import { withoutFilters } from "./asked";

/** Filters under a name; `search` is their part of an address. */
export interface KeptFilter {
  name: string;
  search: string;
}

const keyOf = (entity: string) => `flowloom.filters.${entity}`;
const ours = (name: string) => name === "q" || name.startsWith("f.");

/** The part of an address that filters, in one order. */
function part(search: URLSearchParams): string {
  const found = new URLSearchParams([...search].filter(([name]) => ours(name)));
  found.sort();
  return found.toString();
}

export const kept = {
  of: (name: string, search: URLSearchParams): KeptFilter => ({ name, search: part(search) }),
  read: (entity: string): KeptFilter[] => {
    try {
      return JSON.parse(localStorage.getItem(keyOf(entity)) ?? "[]") as KeptFilter[];
    } catch {
      return [];
    }
  },
  write: (entity: string, all: KeptFilter[]) => localStorage.setItem(keyOf(entity), JSON.stringify(all)),
};

export const sameFilters = (one: KeptFilter, search: URLSearchParams): boolean => one.search === part(search);

/** The address with these filters and no others; what else stands in it stays. */
export function withKept(search: URLSearchParams, one: KeptFilter): URLSearchParams {
  const next = withoutFilters(search);
  for (const [name, value] of new URLSearchParams(one.search)) next.append(name, value);
  return next;
}
