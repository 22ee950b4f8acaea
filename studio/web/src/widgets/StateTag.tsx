const TONES: Record<string, string> = {
  orange: "#c9730a",
  gold: "#b58a00",
  yellow: "#b58a00",
  blue: "#2c74c4",
  cyan: "#0d8a9c",
  teal: "#0f766e",
  purple: "#7a52c7",
  violet: "#7a52c7",
  magenta: "#bd3f86",
  pink: "#bd3f86",
  red: "#c23b30",
  green: "#2a8a52",
  gray: "#6d7a80",
  grey: "#6d7a80",
};

export const toneOf = (color: string | undefined | null): string => TONES[color ?? ""] ?? color ?? "#6d7a80";

/** A state: a dot in its colour and its words, so that the colour is never alone. */
export function StateTag({ label, color }: { label: string; color?: string | null }) {
  return (
    <span className="tag" style={{ "--tone": toneOf(color || "gray") } as React.CSSProperties}>
      {label}
    </span>
  );
}
