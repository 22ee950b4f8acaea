import type { RecordShape } from "../../api/types";
import { wallText } from "../../format/moment";

const DAY = 24 * 60 * 60_000;
const iso = (instant: number) => new Date(instant).toISOString().slice(0, 10);

/** The days of a month's page (`2026-11`) as ISO dates, whole weeks from Monday to Sunday. */
export function pageOf(month: string): string[] {
  const first = Date.parse(`${month}-01T00:00:00Z`);
  const next = Date.parse(`${shifted(month, 1)}-01T00:00:00Z`);
  const start = first - ((new Date(first).getUTCDay() + 6) % 7) * DAY;
  const days: string[] = [];
  for (let day = start; day < next || days.length % 7 !== 0; day += DAY) days.push(iso(day));
  return days;
}

/** A month some months later: `2026-11` and 2 is `2027-01`. */
export function shifted(month: string, by: number): string {
  const [year = 2000, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + by, 1)).toISOString().slice(0, 7);
}

/** A month as it stands in an address; anything else is the present one. */
export const monthOf = (text: string | null, today: string): string => (text && /^\d{4}-(0[1-9]|1[0-2])$/.test(text) ? text : today.slice(0, 7));

export interface Entry {
  record: RecordShape;
  /** `14:30`, empty where only the day is known. */
  time: string;
}

/** Records by the day they fall on in the site's time zone, those with a time first, the earliest first. */
export function byDay(records: RecordShape[], field: string, timed: string | undefined, timezone: string): Map<string, Entry[]> {
  const found = new Map<string, Entry[]>();
  for (const record of records) {
    const value = record.values[field];
    if (typeof value !== "string" || value.length < 10) continue;
    const wall = value.includes("T") ? wallText(value, timezone) : value;
    const beside = timed ? record.values[timed] : undefined;
    const time = wall.length > 10 ? wall.slice(11, 16) : typeof beside === "string" ? beside.slice(0, 5) : "";
    const day = wall.slice(0, 10);
    found.set(day, [...(found.get(day) ?? []), { record, time }]);
  }
  for (const entries of found.values()) entries.sort((a, b) => (a.time || "99").localeCompare(b.time || "99") || a.record.title.localeCompare(b.record.title));
  return found;
}
