import { CloseOutlined, FilterOutlined } from "@ant-design/icons";
import { Button, Popover, Select } from "antd";
import { useState } from "react";
import type { EntityModel, FieldModel } from "../../api/types";
import { useLanguage } from "../../i18n/language";
import { filtersIn, filterWay, withFilters, withoutFilters, type Filter } from "./asked";
import { FilterEditor } from "./FilterEditor";
import { SavedFilters } from "./SavedFilters";
import { useFilterWords } from "./filterWords";

interface Props {
  entity: EntityModel;
  search: URLSearchParams;
  onChange: (next: URLSearchParams) => void;
}

/** The filters that are on, as chips that can be changed or taken away, and a way to add one. */
export function Filters({ entity, search, onChange }: Props) {
  const { t } = useLanguage();
  const filters = filtersIn(search);
  const [adding, setAdding] = useState(false);
  const [picked, setPicked] = useState<FieldModel | null>(null);
  const able = entity.fields.filter((field) => filterWay(field));
  const onNow = able.filter((field) => filters.some((filter) => filter.field === field.name));

  const change = (field: FieldModel, next: Omit<Filter, "field">[]) => {
    onChange(withFilters(search, field.name, next));
    setAdding(false);
    setPicked(null);
  };

  return (
    <div className="filters">
      {onNow.map((field) => (
        <FilterChip key={field.name} entity={entity} field={field} filters={filters.filter((filter) => filter.field === field.name)} onChange={(next) => change(field, next)} />
      ))}
      <Popover
        trigger="click"
        placement="bottomLeft"
        open={adding}
        onOpenChange={(open) => {
          setAdding(open);
          if (!open) setPicked(null);
        }}
        content={
          <div className="filter-box">
            <Select
              autoFocus
              showSearch={{ optionFilterProp: "label" }}
              placeholder={t("field.pick")}
              aria-label={t("list.filter")}
              value={picked?.name}
              options={able.map((field) => ({ value: field.name, label: field.label }))}
              getPopupContainer={(node) => node.parentElement ?? document.body}
              onChange={(name: string) => setPicked(able.find((field) => field.name === name) ?? null)}
            />
            {picked && <FilterEditor key={picked.name} entity={entity} field={picked} filters={[]} onDone={(next) => change(picked, next)} />}
          </div>
        }
      >
        <Button icon={<FilterOutlined aria-hidden />}>{t("list.filter")}</Button>
      </Popover>
      {filters.length > 0 && (
        <button className="plain-button" onClick={() => onChange(withoutFilters(search))}>
          {t("list.clear")}
        </button>
      )}
      <SavedFilters entity={entity.name} search={search} onChange={onChange} />
    </div>
  );
}

interface ChipProps {
  entity: EntityModel;
  field: FieldModel;
  filters: Filter[];
  onChange: (next: Omit<Filter, "field">[]) => void;
}

function FilterChip({ entity, field, filters, onChange }: ChipProps) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const words = useFilterWords(entity, field, filters);
  return (
    <span className="filter-chip">
      <Popover
        trigger="click"
        placement="bottomLeft"
        open={open}
        onOpenChange={setOpen}
        content={
          <div className="filter-box">
            <FilterEditor
              entity={entity}
              field={field}
              filters={filters}
              onDone={(next) => {
                setOpen(false);
                onChange(next);
              }}
            />
          </div>
        }
      >
        <button className="filter-say" aria-label={t("list.filterBy", { label: field.label })}>
          <span className="quiet">{field.label}</span> {words}
        </button>
      </Popover>
      <button className="filter-off" aria-label={t("list.removeFilter", { label: field.label })} onClick={() => onChange([])}>
        <CloseOutlined aria-hidden />
      </button>
    </span>
  );
}
