import type { EntityModel, FieldModel, FormModel, Model, SectionModel, Values } from "../../api/types";
import { editable, fieldOf, isEmpty, machineOf } from "../../fields/shape";

export interface AskedSection {
  name: string;
  label: string;
  columns: number;
  fields: FieldModel[];
}

/** A form's questions in their sections; fields outside every section come first. Big choices are asked apart. */
export function questions(model: Model, entity: EntityModel, form: FormModel): AskedSection[] {
  const apart = new Set(Object.keys(form.ask_one_of));
  const inSections = new Set(form.sections.flatMap((section) => section.fields));
  const loose: SectionModel = { name: "main", fields: form.fields.filter((name) => !inSections.has(name)), columns: 1 };
  return [loose, ...form.sections]
    .map((section) => ({
      name: section.name,
      label: section.label ?? "",
      columns: section.columns ?? 1,
      fields: section.fields
        .filter((name) => !apart.has(name))
        .flatMap((name) => fieldOf(entity, name) ?? [])
        .filter((field) => editable(field) || machineOf(model, entity.name, field.name) !== undefined),
    }))
    .filter((section) => section.fields.length > 0);
}

/** What a new record starts with: the first state of each machine that the form asks for. */
export function firstValues(model: Model, entity: EntityModel, form: FormModel): Values {
  const found: Values = {};
  for (const name of form.fields) {
    const machine = machineOf(model, entity.name, name);
    if (machine) found[name] = machine.initial;
  }
  return found;
}

export const mustHave = (form: FormModel, field: FieldModel) => form.required.includes(field.name) || field.required === true;

/** Required fields that are still empty, in the form's order. */
export function unanswered(form: FormModel, fields: FieldModel[], values: Values): FieldModel[] {
  return fields.filter((field) => mustHave(form, field) && isEmpty(values[field.name]));
}
