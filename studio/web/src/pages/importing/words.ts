import type { ImportShape } from "../../api/imports";

/** Counts with their thousands marked. */
export const plain = (counts: ImportShape["counts"]): Record<string, string> =>
  Object.fromEntries(Object.entries(counts).map(([name, n]) => [name, n.toLocaleString("en-US")]));

/** Column -> field, as the page asks it, from field -> column, as it is kept. */
export const byColumn = (map: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(map).map(([field, column]) => [column, field]));

/** The same with `field` in `column`: it leaves the column it was in, and what was there is out. */
export function placed(map: Record<string, string>, column: string, field: string): Record<string, string> {
  const next = Object.fromEntries(Object.entries(map).filter(([name, other]) => other !== column && name !== field));
  return field ? { ...next, [field]: column } : next;
}

/** Rows a second since `first`, and the seconds that are left; null while nothing can be said. */
export function pace(first: { done: number; at: number }, done: number, total: number | null, now: number): { rate: number; left: number } | null {
  const seconds = (now - first.at) / 1000;
  if (total === null || done <= first.done || seconds < 1) return null;
  const rate = (done - first.done) / seconds;
  return { rate: Math.max(1, Math.round(rate)), left: Math.max(1, Math.round((total - done) / rate)) };
}
