import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useState } from "react";
import { api } from "../api/client";
import type { RecordPage } from "../api/types";
import { useSurroundings } from "../app/session";
import { useLanguage } from "../i18n/language";
import { useLater } from "../widgets/later";
import type { FieldInputProps } from "./FieldInput";
import { targetOf } from "./shape";

/** Another record, found by name, pinyin or initials on the server. Oneself stands first among people. */
export function LinkInput({ id, field, value, onChange, invalid, describedBy, autoFocus, titles, placeholder }: FieldInputProps) {
  const { t } = useLanguage();
  const { session } = useSurroundings();
  const [typed, setTyped] = useState("");
  const q = useLater(typed, 200);
  const to = targetOf(field) ?? "";
  const many = field.type === "links";

  const found = useQuery({
    queryKey: ["search", to, q, "choices"],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => api.get<RecordPage>(`/records/${to}`, { q, limit: 20 }, signal),
  });

  const labels = new Map<number, string>(Object.entries(titles ?? {}).map(([key, title]) => [Number(key), title]));
  const options = (found.data?.items ?? []).map((record) => ({ value: record.id, label: record.title }));
  if (field.type === "user") {
    const own = options.findIndex((option) => option.value === session.user.id);
    if (own > 0) options.unshift(...options.splice(own, 1));
    for (const option of options) if (option.value === session.user.id) option.label = t("appr.me", { name: option.label });
  }
  const chosen = many ? (Array.isArray(value) ? value.map(Number) : []) : typeof value === "number" ? [value] : [];
  for (const one of chosen) {
    if (!typed && !options.some((option) => option.value === one)) options.unshift({ value: one, label: labels.get(one) ?? `#${one}` });
  }

  return (
    <Select
      id={id}
      autoFocus={autoFocus}
      status={invalid ? "error" : undefined}
      aria-describedby={describedBy}
      mode={many ? "multiple" : undefined}
      maxTagCount={placeholder ? "responsive" : undefined}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      allowClear={!field.required}
      placeholder={placeholder ?? t("field.searchPick")}
      aria-label={id ? undefined : (placeholder ?? field.label)}
      notFoundContent={found.isFetching ? t("app.loading") : t("field.none")}
      loading={found.isFetching}
      value={many ? chosen : chosen[0]}
      options={options}
      onChange={(next: number | number[] | undefined) => onChange(next ?? null)}
    />
  );
}
