import { expect, it } from "vitest";
import { glance, readable, reasonsOf } from "./reason";

it("tells what is wrong, what to do and where", () => {
  const [first, second] = reasonsOf("flows/lead.yaml:11:3 R031 电话号码「1380」的位数不对(4 位) -> 手机号是 11 位\nhospital I013 找不到");
  expect(first).toEqual({ message: "电话号码「1380」的位数不对(4 位)", fix: "手机号是 11 位", place: "R031 flows/lead.yaml:11:3" });
  expect(second).toEqual({ message: "找不到", fix: "", place: "I013 hospital" });
});

it("leaves a reason in other words whole", () => {
  expect(reasonsOf("the database was away")).toEqual([{ message: "the database was away", fix: "", place: "" }]);
  expect(reasonsOf(undefined)).toEqual([]);
});

it("shows JSON on lines and the first values in a row", () => {
  expect(readable('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(readable("<xml>")).toBe("<xml>");
  expect(glance('{"no":1,"单位":"甲","x":{}}')).toBe("no 1 · 单位 甲");
});
