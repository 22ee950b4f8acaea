import { expect, it } from "vitest";
import { money, phone, short, wan } from "./amount";

it("writes money with its sign, and decimals only where there are any", () => {
  expect(money("125000.0000")).toBe("¥125,000");
  expect(money(1234.5)).toBe("¥1,234.50");
  expect(money(-3, "USD")).toBe("−$3");
  expect(money("n/a")).toBe("n/a");
});

it("hints at 万 from ten thousand upwards", () => {
  expect(wan(125_000)).toBe("12.5");
  expect(wan(9_999)).toBeNull();
});

it("shortens axes by the language's own steps", () => {
  expect(short(125_000, "zh")).toBe("12.5万");
  expect(short(125_000, "en")).toBe("125K");
});

it("groups mobile numbers and leaves others alone", () => {
  expect(phone("+8613800138000")).toBe("138 0013 8000");
  expect(phone("+862161234567")).toBe("2161234567");
});
