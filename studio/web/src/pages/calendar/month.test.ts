import { expect, it } from "vitest";
import type { RecordShape } from "../../api/types";
import { byDay, monthOf, pageOf, shifted } from "./month";

const record = (id: number, values: object) => ({ id, title: `r${id}`, values }) as unknown as RecordShape;

it("pages a month in whole weeks that begin on Monday", () => {
  const days = pageOf("2026-11");
  expect(days[0]).toBe("2026-10-26");
  expect(days.at(-1)).toBe("2026-12-06");
  expect(days.length % 7).toBe(0);
  expect(pageOf("2027-02")[0]).toBe("2027-02-01");
});

it("goes over the turn of the year", () => {
  expect(shifted("2026-11", 2)).toBe("2027-01");
  expect(shifted("2026-01", -1)).toBe("2025-12");
  expect(monthOf("2026-13", "2026-11-21")).toBe("2026-11");
});

it("puts an instant on the day of the site's zone and orders by time, days without a time last", () => {
  const found = byDay([record(1, { at: "2026-11-20T17:30:00Z" }), record(2, { at: "2026-11-21T01:00:00Z" }), record(3, {})], "at", undefined, "Asia/Shanghai");
  expect([...found.keys()]).toEqual(["2026-11-21"]);
  expect(found.get("2026-11-21")?.map((entry) => entry.time)).toEqual(["01:30", "09:00"]);
  const days = byDay([record(1, { day: "2026-11-21" }), record(2, { day: "2026-11-21", time: "10:00" })], "day", "time", "Asia/Shanghai");
  expect(days.get("2026-11-21")?.map((entry) => entry.record.id)).toEqual([2, 1]);
});
