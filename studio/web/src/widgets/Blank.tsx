import type { ReactNode } from "react";

/** An empty place that teaches: what would be here, and what to do first. */
export function Blank({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="blank">
      <svg className="blank-mark" viewBox="0 0 64 40" aria-hidden>
        <rect x="4" y="6" width="36" height="8" rx="4" />
        <rect x="4" y="19" width="56" height="8" rx="4" />
        <rect x="4" y="32" width="24" height="6" rx="3" />
      </svg>
      <h2>{title}</h2>
      {hint && <p>{hint}</p>}
      {children && <div className="blank-ways">{children}</div>}
    </div>
  );
}
