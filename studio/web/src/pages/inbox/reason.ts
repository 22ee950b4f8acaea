/** Why a delivery was put aside: what is wrong, what to do, and where the rule stands. */
export interface Reason {
  message: string;
  fix: string;
  /** Code and place, for whoever mends the configuration. */
  place: string;
}

const LINE = /^(?:(\S+)\s+)?([A-Z]\d{3})\s+(.*?)(?:\s->\s(.*))?$/;

/** The lines of a kept reason, each `place code message -> fix`; what is written otherwise stays whole. */
export function reasonsOf(text: string | undefined): Reason[] {
  return (text ?? "")
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const match = LINE.exec(line);
      return match ? { message: match[3] ?? line, fix: match[4] ?? "", place: [match[2], match[1]].filter(Boolean).join(" ") } : { message: line, fix: "", place: "" };
    });
}

/** A body as people can read it: JSON on many lines, anything else as it came. */
export function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** The first words of a body, for a row: `单位 甲光眼科 · 手机 1380`. */
export function glance(body: string): string {
  try {
    const content: unknown = JSON.parse(body);
    if (content && typeof content === "object" && !Array.isArray(content)) {
      const parts = Object.entries(content).filter(([, value]) => ["string", "number"].includes(typeof value));
      return parts.slice(0, 4).map(([name, value]) => `${name} ${String(value)}`).join(" · ");
    }
  } catch {
    // Not JSON: its beginning tells enough.
  }
  return body.slice(0, 120);
}
