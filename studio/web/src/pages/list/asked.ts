import type { FieldModel } from "../../api/types";
import type { Asked } from "../../api/queries";

/** One filter as it stands in the address: `f.source=in:douyin,expo`. */
export interface Filter {
  field: string;
  op: string;
  value: string;
}

const MARK = "f.";

export function filtersIn(search: URLSearchParams): Filter[] {
  const found: Filter[] = [];
  for (const [key, text] of search) {
    if (!key.startsWith(MARK)) continue;
    const cut = text.indexOf(":");
    if (cut > 0) found.push({ field: key.slice(MARK.length), op: text.slice(0, cut), value: text.slice(cut + 1) });
  }
  return found;
}

/** The address with the filters of one field replaced; none takes them away. */
export function withFilters(search: URLSearchParams, field: string, next: Omit<Filter, "field">[]): URLSearchParams {
  const changed = new URLSearchParams(search);
  changed.delete(MARK + field);
  for (const filter of next) changed.append(MARK + field, `${filter.op}:${filter.value}`);
  return changed;
}

export function withoutFilters(search: URLSearchParams): URLSearchParams {
  const changed = new URLSearchParams(search);
  for (const key of [...changed.keys()]) if (key.startsWith(MARK)) changed.delete(key);
  changed.delete("q");
  return changed;
}

/** What the API is asked for: view, words, order and filters. */
export function askedOf(view: string | undefined, search: URLSearchParams): Asked {
  const asked: Asked = { view, q: search.get("q") ?? undefined, sort: search.get("sort") ?? undefined };
  for (const { field, op, value } of filtersIn(search)) asked[`filter[${field}][${op}]`] = value;
  return asked;
}

const BY_CHOICE = ["choice", "state", "choices", "yes_no", "user", "team", "link"];
const BY_SPAN = ["date", "datetime", "number", "integer", "money", "score"];
const BY_WORDS = ["text", "phone", "email", "long_text", "url", "uscc"];

export type FilterWay = "choice" | "span" | "words";

/** How a field is filtered; null for fields that are not. */
export function filterWay(field: FieldModel): FilterWay | null {
  if (BY_CHOICE.includes(field.type)) return "choice";
  if (BY_SPAN.includes(field.type)) return "span";
  return BY_WORDS.includes(field.type) ? "words" : null;
}
