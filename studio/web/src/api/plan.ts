import type { ProblemLine } from "./types";

export type FlightChoice = "keep" | "change" | "stop";
export type RunStanding = "waiting" | "queued" | "retrying" | "asking" | "working";

interface Aloft {
  label: string;
  how: "changed" | "removed" | "off" | "gone";
  count: number;
  choices: FlightChoice[];
  text: string;
}

/** What publishing would change; what it asks back: where records of states that go away move, and running clocks. */
export interface Plan {
  current: number;
  changes_anything: boolean;
  sentences: string[];
  lossy: ProblemLine[];
  leaving: { machine: string; state: string; label: string; count: number; into: { name: string; label: string }[] }[];
  clocks: { entity: string; record: number; title: string; text: string }[];
  /** Runs that are not over of rules that change: how many, and of which records. */
  runs: (Aloft & { trigger: string; movable: number; items: { run: number; entity: string | null; record: number | null; title: string; standing: RunStanding }[] })[];
  /** Open approvals of rules that change; without choices they are called off in any case. */
  approvals: (Aloft & { name: string; items: { id: number; title: string; entity: string | null; record: number | null }[] })[];
  /** Going back: what is put as it was, and what has moved on since. */
  back_text: string[];
  problems: ProblemLine[];
  /** Templates that change, and who sends by them. */
  templates?: { name: string; label: string; senders: string[]; everybody: number }[];
}

export interface PlanChoices {
  timers?: "keep" | "change";
  moves?: Record<string, string>;
  runs?: Record<string, FlightChoice>;
  approvals?: Record<string, FlightChoice>;
  allow_lossy?: boolean;
  /** Who is told of which changed template. */
  tell?: Record<string, { to: "senders" | "everybody"; note?: string }>;
}
