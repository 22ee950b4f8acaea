import { useQueries } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { EntityModel, FieldModel, RecordShape } from "../../api/types";
import { useSay, useSurroundings } from "../../app/session";
import { choicesOf, targetOf } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import type { Filter } from "./asked";

/** A field's filters in words: 抖音、展会 · 从 1月1日 · 为空. */
export function useFilterWords(entity: EntityModel, field: FieldModel, filters: Filter[]): string {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const say = useSay();
  const to = targetOf(field);
  const named = filters.filter((filter) => filter.op === "in" || filter.op === "eq").flatMap((filter) => filter.value.split(","));
  const titles = useQueries({
    queries: (to ? named : []).map((id) => ({
      queryKey: ["title", to, id],
      staleTime: 300_000,
      queryFn: () => api.get<RecordShape>(`/records/${to}/${id}`),
    })),
  });

  const one = (value: string): string => {
    if (field.type === "yes_no") return value === "true" ? t("field.yes") : t("field.no");
    if (to) return titles[named.indexOf(value)]?.data?.title ?? "…";
    if (field.type === "date" || field.type === "datetime") return say.day(value);
    if (field.type === "money") return say.money(value);
    return choicesOf(model, entity.name, field).find((choice) => choice.name === value)?.label ?? value;
  };

  return filters
    .map(({ op, value }) => {
      if (op === "empty") return value === "true" ? t("list.empty") : t("list.notEmpty");
      if (op === "ge") return `${t("list.from")} ${one(value)}`;
      if (op === "le" || op === "lt") return `${t("list.to")} ${one(value)}`;
      if (op === "contains") return `${t("list.contains")} “${value}”`;
      return value.split(",").map(one).join(t("appr.and"));
    })
    .join(" ");
}
