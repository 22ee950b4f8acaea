import { CaretDownFilled, CaretUpFilled } from "@ant-design/icons";
import { useRef, type KeyboardEvent } from "react";
import { Link, useNavigate } from "react-router";
import type { Column, RecordShape } from "../../api/types";
import { recordPath } from "../../app/paths";
import { FieldText } from "../../fields/FieldText";
import { useLanguage } from "../../i18n/language";
import { useMore } from "./useMore";

interface Props {
  rows: RecordShape[];
  columns: Column[];
  sort?: string;
  onSort?: (sort: string | null) => void;
}

const AT_THE_RIGHT = ["number", "integer", "money", "score", "duration"];

/** Records in rows. A row opens its record; j and k (or arrows) walk the rows, Enter opens. */
export function Table({ rows, columns, sort, onSort }: Props) {
  const { t } = useLanguage();
  const go = useNavigate();
  const { frame, more } = useMore<HTMLDivElement>();
  const body = useRef<HTMLTableSectionElement>(null);

  const keyed = (event: KeyboardEvent) => {
    const step = event.key === "j" || event.key === "ArrowDown" ? 1 : event.key === "k" || event.key === "ArrowUp" ? -1 : 0;
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    const links = [...(body.current?.querySelectorAll<HTMLAnchorElement>("a.row-link") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    if (at < 0) return;
    event.preventDefault();
    links[Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
  };

  return (
    <div ref={frame} className={more ? "table-frame table-more" : "table-frame"}>
      <table className="table" onKeyDown={keyed}>
        <thead>
          <tr>
            {columns.map((column) => (
              <HeadCell key={column.key} column={column} sortable={Boolean(onSort && /^\w+$/.test(column.key))} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((record) => (
            <tr key={record.id} onClick={(event) => !(event.target as HTMLElement).closest("a, button") && void go(recordPath(record.entity, record.id))}>
              {columns.map((column, at) => {
                const text = <FieldText record={record} name={column.key} type={column.type} plain />;
                return (
                  <td key={column.key} className={AT_THE_RIGHT.includes(column.type) ? "right" : undefined}>
                    {at === 0 ? (
                      <Link className="row-link" to={recordPath(record.entity, record.id)} aria-label={t("list.open", { title: record.title })}>
                        {record.shown[column.key] ? text : record.title}
                      </Link>
                    ) : (
                      text
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps {
  column: Column;
  sortable: boolean;
  sort?: string;
  onSort?: (sort: string | null) => void;
}

/** A column's name; pressing it sorts up, then down, then as the view says. */
function HeadCell({ column, sortable, sort, onSort }: HeadProps) {
  const { t } = useLanguage();
  const up = sort === column.key;
  const down = sort === `-${column.key}`;
  const right = AT_THE_RIGHT.includes(column.type) ? "right" : undefined;
  if (!sortable) return <th scope="col" className={right}>{column.label}</th>;
  return (
    <th scope="col" className={right} aria-sort={up ? "ascending" : down ? "descending" : undefined}>
      <button
        className={up || down ? "sort sort-on" : "sort"}
        title={t(up ? "list.sortDown" : "list.sortUp", { label: column.label })}
        onClick={() => onSort?.(up ? `-${column.key}` : down ? null : column.key)}
      >
        {column.label}
        {down ? <CaretDownFilled aria-hidden /> : <CaretUpFilled aria-hidden />}
      </button>
    </th>
  );
}
