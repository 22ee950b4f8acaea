import { CheckCircleFilled, ExclamationCircleFilled } from "@ant-design/icons";

/** Sentences that must be read before going on; nothing when there are none. */
export function Notes({ tone, lines }: { tone: "bad" | "warn" | "good"; lines: string[] }) {
  if (lines.length === 0) return null;
  return (
    <div className={`notes notes-${tone}`} role="alert">
      {tone === "good" ? <CheckCircleFilled aria-hidden /> : <ExclamationCircleFilled aria-hidden />}
      <div>
        {lines.map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
    </div>
  );
}
