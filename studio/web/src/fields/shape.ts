import type { Speaker } from "../i18n/language";
import type { EntityModel, FieldModel, Json, MachineModel, Model, RecordShape } from "../api/types";

export function fieldOf(entity: EntityModel | undefined, name: string): FieldModel | undefined {
  return entity?.fields.find((field) => field.name === name);
}

/** What the system writes into every record, for the reader of its history. */
export function systemFields(t: Speaker): FieldModel[] {
  return [
    { name: "created_at", label: t("field.created_at"), type: "datetime", read_only: true },
    { name: "created_by", label: t("field.created_by"), type: "user", read_only: true },
    { name: "updated_at", label: t("field.updated_at"), type: "datetime", read_only: true },
    { name: "updated_by", label: t("field.updated_by"), type: "user", read_only: true },
  ];
}

/** The machine whose state a field holds. */
export function machineOf(model: Model, entity: string, field: string): MachineModel | undefined {
  const names = model.entities[entity]?.machines ?? [];
  return names.map((name) => model.machines[name]).find((machine) => machine?.field === field);
}

/** What a field may be chosen from: its own choices, or the states of its machine. */
export function choicesOf(model: Model, entity: string, field: FieldModel) {
  if (field.choices?.length) return field.choices;
  return machineOf(model, entity, field.name)?.states ?? [];
}

/** The entity a link field leads to; null for fields that link nowhere. */
export function targetOf(field: FieldModel): string | null {
  if (field.type === "user" || field.type === "team") return field.to ?? field.type;
  return field.type === "link" || field.type === "links" ? (field.to ?? null) : null;
}

export const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

/** Fields every record has; the system writes them. */
export const SYSTEM_FIELDS = ["id", "created_at", "created_by", "updated_at", "updated_by"];

const KEPT_ELSEWHERE = ["backlink", "json", "sequence", "state"];

/** Whether a person may change the field here. */
export function editable(field: FieldModel, record?: RecordShape): boolean {
  if (field.read_only || KEPT_ELSEWHERE.includes(field.type) || SYSTEM_FIELDS.includes(field.name)) return false;
  return record ? record.can.update : true;
}

export const ownerField = (entity: EntityModel | undefined) => fieldOf(entity, "owner");
