import { expect, it } from "vitest";
import type { RecordShape } from "../../api/types";
import { changed, contested } from "./draft";

const record = (version: number, values: object) => ({ version, values }) as unknown as RecordShape;

it("keeps the version and the value a change was made on", () => {
  const draft = changed(null, record(3, { budget: "1.0" }), "budget", "2.0");
  expect(draft).toEqual({ version: 3, values: { budget: "2.0" }, base: { budget: "1.0" } });
  const later = changed(draft, record(5, { budget: "9.0", contact: null }), "budget", "3.0");
  expect(later).toEqual({ version: 3, values: { budget: "3.0" }, base: { budget: "1.0" } });
});

it("is gone once everything is as it was", () => {
  const draft = changed(null, record(3, { contact: null }), "contact", "李");
  expect(changed(draft, record(3, { contact: null }), "contact", null)).toBeNull();
});

it("is contested only where both changed the same field differently", () => {
  const draft = { version: 3, values: { a: 1, b: 2, c: 3 }, base: { a: 0, b: 0, c: 0 } };
  expect(contested(draft, record(4, { a: 9, b: 0, c: 3 }))).toEqual(["a"]);
});
