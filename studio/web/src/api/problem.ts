import { spokenLanguage } from "./spoken";
import type { ProblemBody, ProblemLine } from "./types";

/** What the server refused, or what kept us from reaching it (status 0). */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly traceId: string;
  readonly problems: ProblemLine[];

  constructor(status: number, body: ProblemBody) {
    const title = body.title ?? "";
    // `detail` repeats codes and places for logs; people read the title and each problem's own words.
    super(title || body.detail || `HTTP ${status}`);
    this.name = "Refusal";
    this.status = status;
    this.code = body.code ?? (status === 0 ? "offline" : "");
    this.title = title;
    this.traceId = body.trace_id ?? "";
    this.problems = body.problems ?? [];
  }

  /** Somebody else changed the record first. */
  get conflict(): boolean {
    return this.status === 409 || this.status === 412;
  }

  /** Something is missing or wrong in what was sent. */
  get incomplete(): boolean {
    return this.status === 422 || this.status === 400;
  }
}

export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal(0, { detail: error instanceof Error ? error.message : String(error) });
}

/** Messages by field, to be shown beside the input. */
export function byField(error: Refusal): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of error.problems) {
    if (!line.field) continue;
    const said = found[line.field];
    found[line.field] = said ? `${said}${spokenLanguage() === "zh" ? "；" : "; "}${line.message}` : line.message;
  }
  return found;
}

/** Messages that belong to no field of `fields`: shown above the form. Falls back to the refusal's own words. */
export function general(error: Refusal, fields: readonly string[]): string[] {
  const loose = error.problems.filter((line) => !line.field || !fields.includes(line.field));
  if (loose.length > 0) return loose.map(spoken);
  return error.problems.length > 0 ? [] : [error.message];
}

/** A problem as one sentence, with what to do about it. */
export function spoken(line: ProblemLine): string {
  const head = line.label && !line.message.includes(line.label) ? `${line.label}${spokenLanguage() === "zh" ? "：" : ": "}${line.message}` : line.message;
  if (!line.fix) return head;
  const end = /[.!?。！？]$/.test(head) ? "" : spokenLanguage() === "zh" ? "。" : ".";
  return `${head}${end}${spokenLanguage() === "zh" ? "" : " "}${line.fix.charAt(0).toUpperCase()}${line.fix.slice(1)}`;
}
