import { expect, it } from "vitest";
import { byColumn, pace, placed } from "./words";

it("moves a field to another column and frees the one it was in", () => {
  const map = { phone: "电话", company: "单位" };
  expect(placed(map, "手机", "phone")).toEqual({ company: "单位", phone: "手机" });
  expect(placed(map, "单位", "phone")).toEqual({ phone: "单位" });
  expect(placed(map, "单位", "")).toEqual({ phone: "电话" });
  expect(byColumn(map)).toEqual({ 电话: "phone", 单位: "company" });
});

it("says how fast and how long only when it can be known", () => {
  expect(pace({ done: 0, at: 0 }, 0, 100, 5000)).toBeNull();
  expect(pace({ done: 0, at: 0 }, 50, null, 5000)).toBeNull();
  expect(pace({ done: 100, at: 0 }, 600, 1600, 5000)).toEqual({ rate: 100, left: 10 });
});
