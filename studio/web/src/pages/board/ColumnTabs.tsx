import type { BoardColumn } from "../../api/types";
import { toneOf } from "../../widgets/StateTag";

/** On phones, where one column fills the screen: every column's name, to jump to it. */
export function ColumnTabs({ columns }: { columns: BoardColumn[] }) {
  return (
    <div className="column-tabs">
      {columns.map((column) => (
        <button
          key={column.state}
          style={{ "--tone": toneOf(column.color) } as React.CSSProperties}
          onClick={() => document.getElementById(`column-${column.state}`)?.scrollIntoView({ behavior: "smooth", inline: "start", block: "nearest" })}
        >
          {column.label} <span className="quiet">{column.count}</span>
        </button>
      ))}
    </div>
  );
}
