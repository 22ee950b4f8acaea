/** One palette for every chart: calm, tellable apart without red against green, at least 3:1 on both grounds. */
export const LIGHT = ["#0f766e", "#4a5fc1", "#b8720a", "#b0467c", "#2b7fb8", "#6f7f1f", "#7a57b8", "#5d6d75"];
export const DARK = ["#3fb8aa", "#8a9af0", "#dfa244", "#e081b0", "#63b3e6", "#a9bb55", "#b394ec", "#9fb0b8"];

export interface Tints {
  colours: string[];
  text: string;
  quiet: string;
  line: string;
  surface: string;
}

export function tints(dark: boolean): Tints {
  return dark
    ? { colours: DARK, text: "#e6ebec", quiet: "#a3b1b6", line: "#2f3a3f", surface: "#181f22" }
    : { colours: LIGHT, text: "#1b2327", quiet: "#566369", line: "#e2e7e8", surface: "#ffffff" };
}
