import type { Model } from "../../api/types";

/** The forms by which a new record of an entity is entered, those of the desk first. Forms of steps are none. */
export function entryForms(model: Model, entity: string): string[] {
  const found = model.entities[entity];
  if (!found?.can.create) return [];
  const ofSteps = new Set(
    found.machines.flatMap((name) => model.machines[name]?.transitions.map((one) => one.form) ?? []).filter(Boolean),
  );
  const desk = [...model.home, ...model.menu].filter((entry) => entry.kind === "form").map((entry) => entry.name);
  const rank = (name: string) => (desk.includes(name) ? 0 : 1);
  return found.forms.filter((name) => model.forms[name] && !ofSteps.has(name)).sort((a, b) => rank(a) - rank(b));
}

/** The form of the big "new" button: the desk's own, else the first entity of the menu that can be entered. */
export function firstForm(model: Model): string | undefined {
  const desk = [...model.menu, ...model.home].find((entry) => entry.kind === "form");
  if (desk) return desk.name;
  for (const entry of model.menu) {
    const entity = model.views[entry.name]?.entity;
    const form = entity ? entryForms(model, entity)[0] : undefined;
    if (form) return form;
  }
  return undefined;
}
