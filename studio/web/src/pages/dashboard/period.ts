import type { Asked } from "../../api/queries";
import { period } from "../../format/moment";
import { filtersIn } from "../list/asked";

/** Milliseconds between two looks at a dashboard whose numbers are still being counted. */
export const COUNTING = 2_000;

export const PERIODS = ["all", "7d", "30d", "90d", "month", "last_month", "quarter", "custom"] as const;
export type PeriodName = (typeof PERIODS)[number];

/** What the dashboard is asked for: the days of its period, and its field filters. */
export function dashboardAsked(search: URLSearchParams, now: Date, timezone: string): Asked {
  const name = search.get("period") ?? "all";
  const days = name === "custom" ? { from: search.get("from") ?? undefined, to: search.get("to") ?? undefined } : period(name, now, timezone);
  const asked: Asked = { ...days };
  for (const { field, op, value } of filtersIn(search)) asked[`filter[${field}][${op}]`] = value;
  return asked;
}
