import { useEffect, useState } from "react";
import type { Values } from "../../api/types";

const keyOf = (form: string) => `flowloom.entry.${form}`;

/** What was typed into a form and not sent yet; it survives a reload, a crash and an ended session. */
export function useEntryDraft(form: string, first: Values): [Values, (next: Values) => void, () => void] {
  const [values, setValues] = useState<Values>(() => {
    try {
      return { ...first, ...(JSON.parse(localStorage.getItem(keyOf(form)) ?? "{}") as Values) };
    } catch {
      return first;
    }
  });

  useEffect(() => {
    if (JSON.stringify(values) === JSON.stringify(first)) localStorage.removeItem(keyOf(form));
    else localStorage.setItem(keyOf(form), JSON.stringify(values));
    // `first` is the same for one form; comparing it each time would keep an emptied draft.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [values, form]);

  return [values, setValues, () => setValues(first)];
}
