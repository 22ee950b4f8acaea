import { expect, it } from "vitest";
import { dress, shortDay } from "./dress";
import { tints } from "./palette";

it("shortens days on an axis and leaves other names alone", () => {
  expect(shortDay("2026-11-08")).toBe("11/8");
  expect(shortDay("2026-01-30")).toBe("1/30");
  expect(shortDay("林越")).toBe("林越");
});

it("puts our colours on the server's option and keeps its data", () => {
  const tint = tints(false);
  const dressed = dress({ color: ["#f00"], series: [{ type: "bar", data: [1] }], yAxis: { type: "value" } }, tint, true);
  expect(dressed.color).toEqual(tint.colours);
  expect(dressed.animation).toBe(false);
  expect((dressed.series as { data: number[] }[])[0]?.data).toEqual([1]);
});
