import { Popover } from "antd";
import { Link } from "react-router";
import type { RecordShape } from "../../api/types";
import { recordPath } from "../../app/paths";
import { useSay, useSurroundings } from "../../app/session";
import { machineOf } from "../../fields/shape";
import { weekdays } from "../../format/moment";
import { useLanguage } from "../../i18n/language";
import { toneOf } from "../../widgets/StateTag";
import type { Entry } from "./month";

interface Props {
  days: string[];
  month: string;
  entries: Map<string, Entry[]>;
  today: string;
}

const SHOWN = 3;

/** The colour of a record's state, as on the board. */
function useTone() {
  const { model } = useSurroundings();
  return (record: RecordShape) => {
    const field = model.entities[record.entity]?.fields.find((one) => one.type === "state");
    const state = field && machineOf(model, record.entity, field.name)?.states.find((one) => one.name === record.values[field.name]);
    return toneOf(state?.color ?? "gray");
  };
}

/** A month in weeks. A day with more than fits opens a list of its own. */
export function MonthGrid({ days, month, entries, today }: Props) {
  const { t, language } = useLanguage();
  const say = useSay();
  const weeks = Array.from({ length: days.length / 7 }, (_, at) => days.slice(at * 7, at * 7 + 7));
  return (
    <table className="cal">
      <thead>
        <tr>{weekdays(language).map((day) => <th key={day} scope="col">{day}</th>)}</tr>
      </thead>
      <tbody>
        {weeks.map((week) => (
          <tr key={week[0]}>
            {week.map((day) => {
              const all = entries.get(day) ?? [];
              const kind = [day === today && "cal-today", !day.startsWith(month) && "cal-other"].filter(Boolean).join(" ");
              return (
                <td key={day} className={kind || undefined} aria-current={day === today ? "date" : undefined}>
                  <span className="cal-day"><span className="unseen">{say.day(day)}</span><span aria-hidden>{Number(day.slice(8))}</span></span>
                  <Entries all={all.slice(0, all.length > SHOWN + 1 ? SHOWN : SHOWN + 1)} />
                  {all.length > SHOWN + 1 && (
                    <Popover trigger="click" title={say.day(day)} content={<div className="cal-all"><Entries all={all} /></div>}>
                      <button className="cal-more">{t("cal.more", { n: all.length - SHOWN })}</button>
                    </Popover>
                  )}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Entries({ all }: { all: Entry[] }) {
  const tone = useTone();
  return (
    <ul>
      {all.map(({ record, time }) => (
        <li key={record.id}>
          <Link to={recordPath(record.entity, record.id)} className="cal-entry" style={{ "--tone": tone(record) } as React.CSSProperties} title={record.title}>
            {time && <time>{time}</time>}
            <span className="clip">{record.title}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
