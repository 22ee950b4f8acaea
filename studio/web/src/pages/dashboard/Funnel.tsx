import type { Json, Point } from "../../api/types";
import { useLanguage } from "../../i18n/language";

interface Props {
  points: Point[];
  onPoint: (point: Json, name: string) => void;
}

/** How many got how far: one bar a step, with its number and its share of the first. */
export function Funnel({ points, onPoint }: Props) {
  const { t } = useLanguage();
  const first = points[0]?.count ?? points[0]?.value ?? 0;
  return (
    <ol className="funnel">
      {points.map((step, at) => {
        const count = step.count ?? step.value ?? 0;
        const share = step.share ?? (first > 0 ? count / first : 0);
        return (
          <li key={step.label}>
            <button disabled={step.point === undefined || step.point === null} title={t("dash.records")} onClick={() => onPoint(step.point ?? null, step.label)}>
              <span className="clip">{step.label}</span>
              <span className="funnel-track">
                <span className="funnel-bar" style={{ width: `${count > 0 ? Math.max(1, 100 * share) : 0}%` }} />
              </span>
              <b>{count.toLocaleString("en-US")}</b>
              <span className="quiet">{first === 0 ? "—" : at === 0 ? "100%" : `${Math.round(share * 1000) / 10}%`}</span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}
