import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useMemo } from "react";
import { api } from "../api/client";
import { asRefusal } from "../api/problem";
import type { Language, Model, Session } from "../api/types";
import { money as sayMoney } from "../format/amount";
import { instantOf, sayDay, sayFully, sayInstant, type Setting } from "../format/moment";
import { useLanguage } from "../i18n/language";

/** Who is signed in; null when nobody is. */
export function useSessionQuery() {
  return useQuery({
    queryKey: ["session"],
    staleTime: Infinity,
    queryFn: async () => {
      try {
        return await api.get<Session>("/session");
      } catch (error) {
        if (asRefusal(error).status === 401) return null;
        throw error;
      }
    },
  });
}

export interface Surroundings {
  session: Session;
  model: Model;
}

export const SurroundingsContext = createContext<Surroundings | null>(null);

/** The signed-in person and the model of the site; only inside the shell. */
export function useSurroundings(): Surroundings {
  const found = useContext(SurroundingsContext);
  if (!found) throw new Error("useSurroundings needs the shell above it");
  return found;
}

/** Whether the person may do something beyond records: configure, publish, import. */
export const may = (session: Session, what: string) => session.may?.includes(what) ?? true;

/** Dates and money in the reader's language, the site's time zone and currency. */
export function useSay() {
  const { language, t } = useLanguage();
  const { site } = useSurroundings().session;
  return useMemo(() => {
    const setting = (): Setting => ({ language, timezone: site.timezone, now: new Date(), t });
    return {
      instant: (text: string) => sayInstant(text, setting()),
      fully: (text: string) => sayFully(text, setting()),
      day: (text: string) => sayDay(text, setting()),
      /** A wall clock of the site as the server words it, `2026-01-18 14:30`. */
      wall: (text: string) =>
        /^\d{4}-\d\d-\d\d \d\d:\d\d$/.test(text) ? sayInstant(instantOf(text.replace(" ", "T"), site.timezone), setting()) : text,
      money: (value: unknown) => sayMoney(value, site.currency),
      timezone: site.timezone,
    };
  }, [language, t, site.timezone, site.currency]);
}

/** Switches the language for good: here, and in the person's own settings. Whatever the server words is asked again. */
export function useSwitchLanguage() {
  const { language, setLanguage } = useLanguage();
  const client = useQueryClient();
  return async () => {
    const next: Language = language === "zh" ? "en" : "zh";
    setLanguage(next);
    try {
      await api.patch("/session", { language: next });
    } finally {
      await client.invalidateQueries();
    }
  };
}
