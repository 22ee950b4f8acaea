import { Link } from "react-router";
import type { Column, RecordShape } from "../../api/types";
import { recordPath } from "../../app/paths";
import { FieldText } from "../../fields/FieldText";
import { isEmpty } from "../../fields/shape";

const MOST = 5;

/** Records as cards, for phones: the title, the state, and the first columns that hold something. */
export function Cards({ rows, columns }: { rows: RecordShape[]; columns: Column[] }) {
  const state = columns.find((column) => column.type === "state");
  const others = columns.slice(1).filter((column) => column !== state);
  return (
    <ul className="cards">
      {rows.map((record) => (
        <li key={record.id}>
          <Link className="card" to={recordPath(record.entity, record.id)}>
            <span className="card-head">
              <strong>{record.title}</strong>
              {state && <FieldText record={record} name={state.key} type={state.type} plain />}
            </span>
            <span className="card-lines">
              {others
                .filter((column) => !isEmpty(record.values[column.key]))
                .slice(0, MOST)
                .map((column) => (
                  <span key={column.key} className="card-line">
                    <span className="quiet">{column.label}</span>
                    <span className="clip"><FieldText record={record} name={column.key} type={column.type} plain /></span>
                  </span>
                ))}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
