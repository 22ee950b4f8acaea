import { afterEach, describe, expect, it } from "vitest";
import { speaker } from "../i18n/language";
import { instantOf, period, sayDay, sayInstant, saySpan, wallText, type Setting } from "./moment";

const zh: Setting = { language: "zh", timezone: "Asia/Shanghai", now: new Date("2026-01-20T06:30:00Z"), t: speaker("zh") };
const en: Setting = { ...zh, language: "en", t: speaker("en") };

describe("instants as people say them", () => {
  it("says moments of the last hour by their age", () => {
    expect(sayInstant("2026-01-20T06:29:40Z", zh)).toBe("刚刚");
    expect(sayInstant("2026-01-20T06:05:00Z", zh)).toBe("25 分钟前");
  });
  it("names the neighbouring days in the site's time zone, not in UTC", () => {
    expect(sayInstant("2026-01-19T16:30:00Z", zh)).toBe("今天 00:30");
    expect(sayInstant("2026-01-19T06:30:00Z", zh)).toBe("昨天 14:30");
    expect(sayInstant("2026-01-21T01:00:00Z", zh)).toBe("明天 09:00");
  });
  it("adds the weekday, and the year only when it is another one", () => {
    expect(sayInstant("2026-01-18T06:30:00Z", zh)).toBe("1月18日 周日 14:30");
    expect(sayInstant("2025-01-18T06:30:00Z", zh)).toBe("2025年1月18日 周六 14:30");
    expect(sayInstant("2026-01-18T06:30:00Z", en)).toBe("Sun 18 Jan 14:30");
  });
  it("leaves what is no date as it is", () => {
    expect(sayInstant("soon", zh)).toBe("soon");
  });
});

describe("the site's time zone, wherever the browser is", () => {
  const own = process.env.TZ;
  afterEach(() => {
    if (own === undefined) delete process.env.TZ;
    else process.env.TZ = own;
  });
  it.each(["America/New_York", "Asia/Kolkata", "Pacific/Auckland"])("a field and a timeline say the same in %s", (zone) => {
    process.env.TZ = zone;
    expect(new Date("2026-01-18T06:30:00Z").getHours()).not.toBe(14);
    // A field comes as an instant; a timeline's value as the wall clock of the site.
    const field = sayInstant("2026-01-18T06:30:00Z", zh);
    const timeline = sayInstant(instantOf("2026-01-18T14:30", zh.timezone), zh);
    expect(field).toBe("1月18日 周日 14:30");
    expect(timeline).toBe(field);
    expect(wallText("2026-01-18T06:30:00Z", zh.timezone)).toBe("2026-01-18T14:30");
    expect(sayDay("2026-01-19", zh)).toBe("昨天");
    expect(period("7d", new Date("2026-01-19T17:00:00Z"), zh.timezone)).toEqual({ from: "2026-01-14", to: "2026-01-20" });
  });
});

describe("days and spans", () => {
  it("says days without a clock", () => {
    expect(sayDay("2026-01-19", zh)).toBe("昨天");
    expect(sayDay("2026-02-01", zh)).toBe("2月1日 周日");
  });
  it("keeps the two largest units of a span", () => {
    expect(saySpan(125 * 60_000, "zh")).toBe("2 小时 5 分");
    expect(saySpan(-(3 * 1440 + 245) * 60_000, "zh")).toBe("3 天 4 小时");
    expect(saySpan(20_000, "zh")).toBe("不到 1 分钟");
    expect(saySpan(45 * 60_000, "en")).toBe("45 min");
  });
  it("counts periods in whole local days, today included", () => {
    expect(period("7d", zh.now, "Asia/Shanghai")).toEqual({ from: "2026-01-14", to: "2026-01-20" });
    expect(period("last_month", zh.now, "Asia/Shanghai")).toEqual({ from: "2025-12-01", to: "2025-12-31" });
    expect(period("all", zh.now, "Asia/Shanghai")).toEqual({});
  });
});

describe("wall clocks and instants", () => {
  it("goes there and back", () => {
    expect(wallText("2026-01-18T06:30:00Z", "Asia/Shanghai")).toBe("2026-01-18T14:30");
    expect(instantOf("2026-01-18T14:30", "Asia/Shanghai")).toBe("2026-01-18T06:30:00.000Z");
  });
  it("holds across a change to daylight saving", () => {
    expect(instantOf("2026-03-29T12:00", "Europe/Berlin")).toBe("2026-03-29T10:00:00.000Z");
    expect(instantOf("2026-03-28T12:00", "Europe/Berlin")).toBe("2026-03-28T11:00:00.000Z");
  });
});
