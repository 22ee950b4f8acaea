import { expect, it } from "vitest";
import { kindOf } from "./kind";

it("knows JSON, XML, a form and a table apart", () => {
  expect(kindOf('  {"a": 1}')).toBe("application/json");
  expect(kindOf("[1]")).toBe("application/json");
  expect(kindOf("<xml></xml>")).toBe("application/xml");
  expect(kindOf("company=a&phone=13800138000")).toBe("application/x-www-form-urlencoded");
  expect(kindOf("company,phone\na,13800138000")).toBe("text/csv");
});
