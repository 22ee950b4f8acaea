import { Select } from "antd";
import type { DashboardFilter, FieldModel } from "../../api/types";
import { LinkInput } from "../../fields/LinkInput";
import { DateInput } from "../../fields/TimeInputs";
import { useLanguage, type Speaker } from "../../i18n/language";
import { filtersIn, withFilters } from "../list/asked";
import { PERIODS, type PeriodName } from "./period";

interface Props {
  filters: (DashboardFilter | string)[];
  search: URLSearchParams;
  onChange: (next: URLSearchParams) => void;
}

function periodWords(name: PeriodName, t: Speaker): string {
  if (/^\d+d$/.test(name)) return t("dash.days", { n: parseInt(name, 10) });
  const words = { all: "dash.all", month: "dash.thisMonth", last_month: "dash.lastMonth", quarter: "dash.thisQuarter", custom: "dash.custom" } as const;
  return t(words[name as keyof typeof words]);
}

/** The time and the fields by which the whole dashboard is narrowed. */
export function FilterBar({ filters, search, onChange }: Props) {
  const { t } = useLanguage();
  const named = filters.map((filter) => (typeof filter === "string" ? { name: filter, label: filter, type: filter } : filter));
  const timed = named.some((filter) => filter.name === "time" || filter.type === "time");
  const period = (search.get("period") ?? "all") as PeriodName;

  const set = (changes: Record<string, string | null>) => {
    const next = new URLSearchParams(search);
    for (const [key, value] of Object.entries(changes)) {
      if (value) next.set(key, value);
      else next.delete(key);
    }
    onChange(next);
  };

  return (
    <div className="dash-filters" role="group" aria-label={t("dash.filters")}>
      {timed && (
        <>
          <Select
            aria-label={t("dash.period")}
            value={period}
            popupMatchSelectWidth={false}
            options={PERIODS.map((name) => ({ value: name, label: periodWords(name, t) }))}
            onChange={(name) => set({ period: name === "all" ? null : name, from: null, to: null })}
          />
          {period === "custom" && (
            <>
              <DateInput value={search.get("from") ?? ""} onChange={(day) => set({ from: day })} />
              <DateInput value={search.get("to") ?? ""} onChange={(day) => set({ to: day })} />
            </>
          )}
        </>
      )}
      {named
        .filter((filter) => filter.name !== "time" && filter.type !== "time")
        .map((filter) => (
          <FieldFilter key={filter.name} filter={filter} search={search} onChange={onChange} />
        ))}
    </div>
  );
}

function FieldFilter({ filter, search, onChange }: { filter: DashboardFilter; search: URLSearchParams; onChange: (next: URLSearchParams) => void }) {
  const chosen = filtersIn(search).find((one) => one.field === filter.name)?.value.split(",").filter(Boolean) ?? [];
  const change = (next: string[]) => onChange(withFilters(search, filter.name, next.length > 0 ? [{ op: "in", value: next.join(",") }] : []));
  if (filter.choices?.length) {
    return (
      <Select
        mode="multiple"
        maxTagCount="responsive"
        aria-label={filter.label}
        placeholder={filter.label}
        value={chosen}
        popupMatchSelectWidth={false}
        options={filter.choices.map((choice) => ({ value: choice.name, label: choice.label }))}
        onChange={change}
      />
    );
  }
  const to = filter.to ?? (filter.type === "user" ? "user" : undefined);
  if (!to) return null;
  const field: FieldModel = { name: filter.name, label: filter.label, type: "links", to };
  return (
    <span className="dash-people" title={filter.label}>
      <LinkInput entity="" field={field} placeholder={filter.label} value={chosen.map(Number)} onChange={(next) => change(Array.isArray(next) ? next.map(String) : [])} />
    </span>
  );
}
