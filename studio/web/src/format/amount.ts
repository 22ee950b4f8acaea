import type { Language } from "../api/types";

const SIGNS: Record<string, string> = { CNY: "¥", USD: "$", EUR: "€", GBP: "£", JPY: "¥", HKD: "HK$", BRL: "R$" };

/** `¥125,000`, decimals only where there are any; anything that is no number stays as it came. */
export function money(value: unknown, currency = "CNY"): string {
  const amount = typeof value === "number" ? value : Number.parseFloat(String(value));
  if (!Number.isFinite(amount)) return String(value ?? "");
  const whole = Number.isInteger(amount);
  const digits = new Intl.NumberFormat("en-US", {
    minimumFractionDigits: whole ? 0 : 2,
    maximumFractionDigits: whole ? 0 : 2,
  }).format(Math.abs(amount));
  return `${amount < 0 ? "−" : ""}${SIGNS[currency] ?? `${currency} `}${digits}`;
}

/** The amount in 万 from ten thousand upwards: `12.5`; null below. */
export function wan(value: unknown): string | null {
  const amount = Number(value);
  if (!Number.isFinite(amount) || Math.abs(amount) < 10_000) return null;
  return String(Math.round(amount / 100) / 100);
}

export function number(value: number, most = 2): string {
  return new Intl.NumberFormat("en-US", { maximumFractionDigits: most }).format(value);
}

/** 万 and 亿 for Chinese axes, K and M for English ones. */
export function short(value: number, language: Language): string {
  const size = Math.abs(value);
  const steps: [number, string][] = language === "zh" ? [[1e8, "亿"], [1e4, "万"]] : [[1e6, "M"], [1e3, "K"]];
  for (const [step, sign] of steps) if (size >= step) return `${number(value / step, 1)}${sign}`;
  return number(value, 2);
}

/** `+8613800138000` -> `138 0013 8000`; other numbers as they are. */
export function phone(value: string): string {
  const mobile = /^(?:\+86)?(1\d{2})(\d{4})(\d{4})$/.exec(value);
  return mobile ? `${mobile[1]} ${mobile[2]} ${mobile[3]}` : value.replace(/^\+86/, "");
}

/** Bytes as people say them: `820 B`, `12.5 KB`, `3.1 MB`. */
export function fileSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kilo = bytes / 1024;
  return kilo < 1000 ? `${number(kilo, 1)} KB` : `${number(kilo / 1024, 1)} MB`;
}
