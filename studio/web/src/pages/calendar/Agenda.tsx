import { useEffect, useRef } from "react";
import { Link } from "react-router";
import type { Column } from "../../api/types";
import { recordPath } from "../../app/paths";
import { useSay } from "../../app/session";
import { FieldText } from "../../fields/FieldText";
import { isEmpty } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import { Blank } from "../../widgets/Blank";
import type { Entry } from "./month";

interface Props {
  days: string[];
  entries: Map<string, Entry[]>;
  today: string;
  columns: Column[];
  timed: string | undefined;
  ready: boolean;
}

/** The days of a month that hold something, one below the other; it opens at today. */
export function Agenda({ days, entries, today, columns, timed, ready }: Props) {
  const { t } = useLanguage();
  const say = useSay();
  const start = useRef<HTMLElement>(null);
  const held = days.filter((day) => entries.has(day) || day === today);
  const first = held.find((day) => day >= today);
  const beside = columns.slice(1).filter((column) => column.key !== timed);

  useEffect(() => {
    if (ready) start.current?.scrollIntoView({ block: "start" });
    // Only when a month has come, not with every change in it.
  }, [ready, days[0]]); // eslint-disable-line react-hooks/exhaustive-deps

  if (ready && held.length === 0) return <Blank title={t("cal.none")} />;
  return (
    <div className="agenda">
      {held.map((day) => (
        <section key={day} ref={day === first ? start : undefined} className={day === today ? "agenda-today" : undefined}>
          <h3>
            {say.day(day)}
            {say.day(day) === t("when.dayToday") && <span className="quiet"> {day.slice(5).replace("-", "/")}</span>}
          </h3>
          {!entries.has(day) && <p className="quiet">{t("cal.free")}</p>}
          <ul className="cards">
            {(entries.get(day) ?? []).map(({ record, time }) => (
              <li key={record.id}>
                <Link className="card agenda-card" to={recordPath(record.entity, record.id)}>
                  <time>{time || "—"}</time>
                  <span>
                    <strong>{record.title}</strong>
                    <span className="agenda-beside quiet">
                      {beside.filter((column) => !isEmpty(record.values[column.key])).slice(0, 2).map((column) => (
                        <FieldText key={column.key} record={record} name={column.key} type={column.type} plain />
                      ))}
                    </span>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
