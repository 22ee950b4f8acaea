import { useCallback, useEffect, useState } from "react";
import type { Json, RecordShape, Values } from "../../api/types";

/** Changes not yet saved: what was typed, what stood there before, and the version they were made on. */
export interface Draft {
  version: number;
  values: Values;
  base: Values;
}

const keyOf = (entity: string, id: number) => `flowloom.draft.${entity}.${id}`;
const same = (a: Json | undefined, b: Json | undefined) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

function kept(entity: string, id: number): Draft | null {
  try {
    return JSON.parse(localStorage.getItem(keyOf(entity, id)) ?? "null") as Draft | null;
  } catch {
    return null;
  }
}

/** The draft after one field was changed; null once nothing differs any more. */
export function changed(draft: Draft | null, record: RecordShape, field: string, value: Json): Draft | null {
  const before = draft ?? { version: record.version, values: {}, base: {} };
  const base = { ...before.base, [field]: field in before.base ? (before.base[field] ?? null) : (record.values[field] ?? null) };
  const values = { ...before.values, [field]: value };
  if (same(value, base[field])) {
    delete values[field];
    delete base[field];
  }
  return Object.keys(values).length > 0 ? { ...before, values, base } : null;
}

/** Fields that somebody else changed meanwhile to something other than the draft says. */
export function contested(draft: Draft, theirs: RecordShape): string[] {
  return Object.keys(draft.values).filter(
    (field) => !same(theirs.values[field], draft.base[field]) && !same(theirs.values[field], draft.values[field]),
  );
}

/** The draft of one record; kept in this browser until saved or discarded. */
export function useDraft(entity: string, id: number) {
  const [draft, setDraft] = useState<Draft | null>(() => kept(entity, id));

  useEffect(() => {
    if (draft) localStorage.setItem(keyOf(entity, id), JSON.stringify(draft));
    else localStorage.removeItem(keyOf(entity, id));
  }, [draft, entity, id]);

  const change = useCallback((record: RecordShape, field: string, value: Json) => setDraft((now) => changed(now, record, field, value)), []);
  return { draft, change, setDraft };
}
