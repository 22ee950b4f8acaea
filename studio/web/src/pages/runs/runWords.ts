import type { RunShape } from "../../api/runs";
import type { Speaker } from "../../i18n/language";
import { zh, type Word } from "../../i18n/zh";

const TONES: Record<RunShape["state"], string> = {
  done: "green",
  failed: "red",
  quarantined: "red",
  waiting: "blue",
  queued: "blue",
  skipped: "gray",
  stopped: "gray",
  cancelled: "gray",
};

export const runTone = (state: RunShape["state"]) => TONES[state] ?? "gray";
export const runWords = (state: RunShape["state"], t: Speaker) => t(`runs.state.${state}`);

/** A step by its name; one that came with a plugin keeps the plugin's own word. */
export function stepWords(step: string, t: Speaker): string {
  const word = `why.step.${step}`;
  return word in zh ? t(word as Word) : step;
}

/** `builtin_flows/crm/trigger/new_owner.yaml:2:1` as its last two parts. */
export const shortPlace = (where: string) => where.split("/").slice(-2).join("/");

/** How long something took: 12 ms, 3.6 s, then in minutes and more by the caller. */
export const sayMs = (ms: number): string => (ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`);
