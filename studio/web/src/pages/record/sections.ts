import type { EntityModel, FieldModel, Model } from "../../api/types";
import { fieldOf, SYSTEM_FIELDS } from "../../fields/shape";
import { entryForms } from "../entry/forms";

export interface RecordSection {
  name: string;
  label: string;
  fields: FieldModel[];
}

/** A record's fields in the order people know: as entered, then step by step, then the rest, the system's last. */
export function recordSections(model: Model, entity: EntityModel, words: { other: string; system: string; fields: FieldModel[] }): RecordSection[] {
  const placed = new Set<string>();
  const sections: RecordSection[] = [];
  const add = (name: string, label: string, fields: readonly string[]) => {
    const found = fields.filter((one) => !placed.has(one) && !SYSTEM_FIELDS.includes(one)).flatMap((one) => fieldOf(entity, one) ?? []);
    for (const field of found) placed.add(field.name);
    if (found.length > 0) sections.push({ name, label, fields: found });
  };
  const addForm = (name: string) => {
    const form = model.forms[name];
    if (!form) return;
    for (const section of form.sections) add(`${name}.${section.name}`, section.label || form.label, section.fields);
    add(name, form.label, form.fields);
  };

  const entry = entryForms(model, entity.name);
  for (const name of [...entry].sort((a, b) => fieldCount(model, b) - fieldCount(model, a)).slice(0, 1)) addForm(name);
  for (const machine of entity.machines) {
    for (const step of model.machines[machine]?.transitions ?? []) if (step.form) addForm(step.form);
  }
  const rest = entity.fields.filter((field) => field.type !== "backlink" && field.type !== "state").map((field) => field.name);
  const alone = sections.length === 0;
  add("other", alone ? "" : words.other, rest);
  sections.push({ name: "system", label: words.system, fields: words.fields });
  return sections;
}

const fieldCount = (model: Model, form: string) => model.forms[form]?.fields.length ?? 0;
