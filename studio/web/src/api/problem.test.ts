import { expect, it } from "vitest";
import { asRefusal, byField, general, Refusal, spoken } from "./problem";

const refusal = new Refusal(422, {
  title: "还不能这样做",
  problems: [
    { code: "R012", message: "未填写通话摘要", field: "summary" },
    { code: "R013", message: "太短", field: "summary" },
    { code: "R014", message: "合同未双方签章", fix: "请先完成签章。" },
    { code: "R015", message: "请填写行业", field: "industry" },
  ],
});

it("puts each message beside its field", () => {
  expect(byField(refusal)).toEqual({ summary: "未填写通话摘要；太短", industry: "请填写行业" });
});

it("lifts what no shown field can hold above the form", () => {
  expect(general(refusal, ["summary"])).toEqual(["合同未双方签章。请先完成签章。", "请填写行业"]);
});

it("falls back to the refusal's own words when no problem is listed", () => {
  expect(general(new Refusal(403, { title: "不可以", detail: "A001 不可以" }), [])).toEqual(["不可以"]);
});

it("names the field when the message does not", () => {
  expect(spoken({ code: "R1", message: "必填", label: "行业" })).toBe("行业：必填");
  expect(spoken({ code: "R1", message: "行业必填", label: "行业" })).toBe("行业必填");
});

it("knows conflicts from incomplete input and from a lost connection", () => {
  expect(new Refusal(412, {}).conflict).toBe(true);
  expect(refusal.incomplete).toBe(true);
  expect(asRefusal(new Error("x")).status).toBe(0);
});
