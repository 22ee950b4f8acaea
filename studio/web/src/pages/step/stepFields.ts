import type { Refusal } from "../../api/problem";
import type { Model, Offered, RecordShape, SectionModel } from "../../api/types";

/** Messages by field, as the step was offered. */
export function missingOf(step: Offered | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const one of step?.missing ?? []) if (one.field) found[one.field] = one.message;
  return found;
}

/** The fields of a step in the sections of its form; what was refused beside them comes last. */
export function sectionsOf(model: Model, entity: string, step: Offered | undefined, refusal: Refusal | undefined): SectionModel[] {
  const form = model.forms[step?.form ?? ""];
  const wanted = step?.fields.length ? step.fields : (form?.fields ?? []);
  const sections: SectionModel[] = form?.sections.length ? form.sections.map((section) => ({ ...section })) : [];
  const placed = new Set(sections.flatMap((section) => section.fields));
  const refused = (refusal?.problems ?? []).flatMap((line) => (line.field ? [line.field] : []));
  const rest = [...new Set([...wanted, ...(step?.missing ?? []).flatMap((one) => (one.field ? [one.field] : [])), ...refused])];
  const loose = rest.filter((name) => !placed.has(name) && model.entities[entity]?.fields.some((field) => field.name === name));
  if (loose.length > 0) sections.push({ name: "rest", label: "", fields: loose, columns: loose.length > 3 ? 2 : 1 });
  return sections;
}

/** Titles of what a record links to, by id, so that inputs show names at once. */
export function titlesOf(record: RecordShape): Record<number, string> {
  return Object.fromEntries(Object.values(record.links).map((link) => [link.id, link.title]));
}
