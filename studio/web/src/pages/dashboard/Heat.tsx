import type { HeatCell, Json, TileFacts } from "../../api/types";
import { number } from "../../format/amount";
import { useLanguage } from "../../i18n/language";

interface Props {
  facts: TileFacts;
  label: string;
  onPoint: (point: Json, name: string) => void;
}

/** The strongest tint in percent: on it the number still reads well in both themes. */
const DEEPEST = 62;

/** A heat map as a table: each cell holds its number, so the colour only helps the eye. */
export function Heat({ facts, label, onPoint }: Props) {
  const { t } = useLanguage();
  const { rows = [], columns = [], cells = [] } = facts;
  const most = Math.max(1e-9, ...cells.map((cell) => cell.value ?? 0));
  const at = (x: number, y: number): HeatCell | undefined => cells.find((cell) => cell.x === x && cell.y === y);
  return (
    <div className="heat-frame">
      <table className="heat">
        <caption className="unseen">{label}</caption>
        <thead>
          <tr>
            <td />
            {columns.map((column) => (
              <th key={column.label} scope="col">{column.label}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, y) => (
            <tr key={row.label}>
              <th scope="row" className="clip">{row.label}</th>
              {columns.map((column, x) => {
                const cell = at(x, y);
                if (!cell || cell.value === null) return <td key={column.label} className="heat-none">·</td>;
                const share = cell.value / most;
                const name = `${row.label} · ${column.label}`;
                return (
                  <td key={column.label} style={{ "--share": `${Math.round(share * DEEPEST)}%` } as React.CSSProperties}>
                    <button aria-label={t("say.colon", { a: name, b: String(cell.shown ?? cell.value) })} onClick={() => onPoint(cell.point ?? null, name)}>
                      {cell.shown || number(cell.value, 1)}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="quiet small">{t("dash.heatNote")}</p>
    </div>
  );
}
