import { PhoneOutlined } from "@ant-design/icons";
import { Link } from "react-router";
import type { Column, RecordShape } from "../../api/types";
import { recordPath } from "../../app/paths";
import { FieldText } from "../../fields/FieldText";
import { isEmpty } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";

const MOST = 5;

interface Props {
  rows: RecordShape[];
  columns: Column[];
  /** How many lines a card has below its title. */
  lines?: number;
}

/** Records as cards, for phones: the title, the state, the first columns that hold something, and a call with one tap. */
export function Cards({ rows, columns, lines = MOST }: Props) {
  const { t } = useLanguage();
  const state = columns.find((column) => column.type === "state");
  const phone = columns.find((column) => column.type === "phone");
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
                .slice(0, lines)
                .map((column) => (
                  <span key={column.key} className="card-line">
                    <span className="quiet">{column.label}</span>
                    <span className="clip"><FieldText record={record} name={column.key} type={column.type} plain /></span>
                  </span>
                ))}
            </span>
          </Link>
          {phone && !isEmpty(record.values[phone.key]) && (
            <a className="card-call" href={`tel:${String(record.values[phone.key])}`} aria-label={t("list.call", { title: record.title })}>
              <PhoneOutlined aria-hidden />
            </a>
          )}
        </li>
      ))}
    </ul>
  );
}
