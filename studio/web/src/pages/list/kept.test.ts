import { expect, it } from "vitest";
import { named, sameFilters, withKept } from "./kept";

const at = (text: string) => new URLSearchParams(text);

it("keeps what filters and nothing else", () => {
  expect(named("抖音", at("sort=-id&q=a&f.source=in:douyin&month=2026-11")).search).toBe("f.source=in%3Adouyin&q=a");
});

it("puts kept filters in place of those that are on and leaves the order", () => {
  const one = named("x", at("f.source=in:douyin"));
  const next = withKept(at("sort=-id&q=b&f.owner=in:3"), one);
  expect(next.get("sort")).toBe("-id");
  expect(next.get("q")).toBeNull();
  expect(next.get("f.owner")).toBeNull();
  expect(sameFilters(one, next)).toBe(true);
  expect(sameFilters(one, at("f.source=in:expo"))).toBe(false);
});
