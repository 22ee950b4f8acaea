import { DatePicker, Input, TimePicker } from "antd";
import dayjs from "dayjs";
import { useSay } from "../app/session";
import { usePhone } from "../app/theme";
import { instantOf, wallText } from "../format/moment";

interface Props {
  id?: string;
  value: string;
  onChange: (value: string | null) => void;
  status?: "error";
  autoFocus?: boolean;
}

/** A calendar day. Phones use the system's own wheel, which thumbs know. */
export function DateInput({ value, onChange, ...common }: Props) {
  if (usePhone()) return <Input {...common} type="date" value={value} onChange={(event) => onChange(event.target.value || null)} />;
  return <DatePicker {...common} value={value ? dayjs(value) : null} onChange={(next) => onChange(next ? next.format("YYYY-MM-DD") : null)} />;
}

/** A moment, shown and typed on the site's clock, kept in UTC. */
export function DateTimeInput({ value, onChange, ...common }: Props) {
  const { timezone } = useSay();
  const phone = usePhone();
  const wall = value ? wallText(value, timezone) : "";
  const change = (next: string) => onChange(next ? instantOf(next, timezone) : null);
  if (phone) return <Input {...common} type="datetime-local" value={wall} onChange={(event) => change(event.target.value)} />;
  return (
    <DatePicker
      {...common}
      showTime={{ format: "HH:mm", minuteStep: 5 }}
      format="YYYY-MM-DD HH:mm"
      value={wall ? dayjs(wall) : null}
      onChange={(next) => change(next ? next.format("YYYY-MM-DDTHH:mm") : "")}
    />
  );
}

export function TimeInput({ value, onChange, ...common }: Props) {
  if (usePhone()) return <Input {...common} type="time" value={value} onChange={(event) => onChange(event.target.value || null)} />;
  return (
    <TimePicker
      {...common}
      format="HH:mm"
      minuteStep={5}
      needConfirm={false}
      value={value ? dayjs(`2000-01-01T${value.slice(0, 5)}`) : null}
      onChange={(next) => onChange(next ? next.format("HH:mm") : null)}
    />
  );
}
