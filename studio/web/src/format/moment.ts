import type { Language } from "../api/types";
import type { Speaker } from "../i18n/language";

/** An instant as a wall clock in the site's time zone. Months count from 1, weekdays from 0 = Sunday. */
export interface Wall {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  weekday: number;
}

const WEEKDAYS = {
  zh: ["周日", "周一", "周二", "周三", "周四", "周五", "周六"],
  en: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
};
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timezone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timezone);
  if (!clock) {
    clock = new Intl.DateTimeFormat("en-US", {
      timeZone: timezone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
    clocks.set(timezone, clock);
  }
  return clock;
}

export function wallOf(instant: Date, timezone: string): Wall {
  const found: Record<string, number> = {};
  for (const part of clockOf(timezone).formatToParts(instant)) found[part.type] = Number(part.value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = found;
  return { year, month, day, hour, minute, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() };
}

/** `2026-01-18T14:30`, as a date-time input wants it. */
export function wallText(instant: string, timezone: string): string {
  const wall = wallOf(new Date(instant), timezone);
  return `${dayText(wall)}T${clockText(wall)}`;
}

/** The instant of a wall clock `2026-01-18T14:30` in a time zone, as ISO text in UTC. */
export function instantOf(wall: string, timezone: string): string {
  const wanted = Date.parse(`${wall}Z`);
  let guess = wanted;
  // Twice, because the offset at the first guess may differ from the one at the answer (daylight saving).
  for (let round = 0; round < 2; round += 1) {
    const seen = Date.parse(`${wallText(new Date(guess).toISOString(), timezone)}Z`);
    guess += wanted - seen;
  }
  return new Date(guess).toISOString();
}

const two = (n: number) => String(n).padStart(2, "0");
const clockText = (wall: Wall) => `${two(wall.hour)}:${two(wall.minute)}`;
const dayText = (wall: Wall) => `${wall.year}-${two(wall.month)}-${two(wall.day)}`;
const dayNumber = (wall: Wall) => Date.UTC(wall.year, wall.month - 1, wall.day) / DAY;

function namedDay(wall: Wall, today: Wall, language: Language): string {
  const year = wall.year === today.year ? "" : language === "zh" ? `${wall.year}年` : ` ${wall.year}`;
  return language === "zh"
    ? `${year}${wall.month}月${wall.day}日 ${WEEKDAYS.zh[wall.weekday]}`
    : `${WEEKDAYS.en[wall.weekday]} ${wall.day} ${MONTHS[wall.month - 1]}${year}`;
}

export interface Setting {
  language: Language;
  timezone: string;
  now: Date;
  t: Speaker;
}

/** An instant as people say it: 刚刚, 5 分钟前, 昨天 14:30, 1月18日 周日 14:30, 2025年1月18日 周六 14:30. */
export function sayInstant(text: string, { language, timezone, now, t }: Setting): string {
  const instant = new Date(text);
  if (Number.isNaN(instant.getTime())) return text;
  const wall = wallOf(instant, timezone);
  const today = wallOf(now, timezone);
  const age = now.getTime() - instant.getTime();
  if (age >= 0 && age < MINUTE) return t("when.now");
  if (age > 0 && age < 60 * MINUTE) return t("when.minutesAgo", { n: Math.floor(age / MINUTE) });
  const days = dayNumber(wall) - dayNumber(today);
  const time = clockText(wall);
  if (days === 0) return t("when.today", { time });
  if (days === -1) return t("when.yesterday", { time });
  if (days === 1) return t("when.tomorrow", { time });
  return `${namedDay(wall, today, language)} ${time}`;
}

/** The full instant, for a tooltip: 2026年1月18日 周日 14:30. */
export function sayFully(text: string, { language, timezone }: Setting): string {
  const instant = new Date(text);
  if (Number.isNaN(instant.getTime())) return text;
  const wall = wallOf(instant, timezone);
  return `${namedDay(wall, { ...wall, year: 0 }, language)} ${clockText(wall)}`;
}

/** A calendar day `2026-01-18` as people say it. */
export function sayDay(text: string, { language, timezone, now, t }: Setting): string {
  const match = /^(\d{4})-(\d{2})-(\d{2})/.exec(text);
  if (!match) return text;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const wall: Wall = { year, month, day, hour: 0, minute: 0, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() };
  const today = wallOf(now, timezone);
  const days = dayNumber(wall) - dayNumber(today);
  if (days === 0) return t("when.dayToday");
  if (days === -1) return t("when.dayYesterday");
  if (days === 1) return t("when.dayTomorrow");
  return namedDay(wall, today, language);
}

/** A span in its two largest units: 2 小时 5 分, 3 天 4 小时; "2 h 5 min". */
export function saySpan(milliseconds: number, language: Language): string {
  const minutes = Math.max(0, Math.round(Math.abs(milliseconds) / MINUTE));
  const units: [number, string, string][] = [
    [Math.floor(minutes / 1440), "天", "d"],
    [Math.floor((minutes % 1440) / 60), "小时", "h"],
    [minutes % 60, minutes >= 60 ? "分" : "分钟", "min"],
  ];
  const first = units.findIndex(([n]) => n > 0);
  if (first < 0) return language === "zh" ? "不到 1 分钟" : "less than a minute";
  return units
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, zh, en]) => `${n} ${language === "zh" ? zh : en}`)
    .join(" ");
}

/** The first and last day (ISO) of a named period, today included, in the site's time zone. */
export function period(name: string, now: Date, timezone: string): { from?: string; to?: string } {
  const today = wallOf(now, timezone);
  const day = (year: number, month: number, date: number) => new Date(Date.UTC(year, month - 1, date)).toISOString().slice(0, 10);
  const { year, month, day: date } = today;
  const quarter = Math.floor((month - 1) / 3) * 3 + 1;
  if (/^\d+d$/.test(name)) return { from: day(year, month, date - parseInt(name, 10) + 1), to: day(year, month, date) };
  if (name === "month") return { from: day(year, month, 1), to: day(year, month, date) };
  if (name === "last_month") return { from: day(year, month - 1, 1), to: day(year, month, 0) };
  if (name === "quarter") return { from: day(year, quarter, 1), to: day(year, month, date) };
  return {};
}

/** The names of the days of a week from Monday. */
export const weekdays = (language: Language): string[] => [1, 2, 3, 4, 5, 6, 0].map((day) => WEEKDAYS[language][day] ?? "");

/** A month `2026-11` as people say it: 2026年11月, Nov 2026. */
export function sayMonth(month: string, language: Language): string {
  const [year, number = 1] = month.split("-").map(Number);
  return language === "zh" ? `${year}年${number}月` : `${MONTHS[number - 1]} ${year}`;
}
