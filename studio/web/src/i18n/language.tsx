import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { speak } from "../api/spoken";
import type { Language } from "../api/types";
import { en } from "./en";
import { zh, type Word } from "./zh";

export type Speaker = (word: Word, parts?: Record<string, string | number>) => string;

interface Spoken {
  language: Language;
  setLanguage: (next: Language) => void;
  t: Speaker;
}

const words = { zh, en };
const KEPT = "flowloom.language";

export function speaker(language: Language): Speaker {
  return (word, parts) =>
    words[language][word].replace(/\{(\w+)\}/g, (whole, name: string) => String(parts?.[name] ?? whole));
}

/** Chinese unless this browser chose otherwise before, or asks for English and no Chinese at all. */
function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "zh" || kept === "en") return kept;
  const wished = navigator.languages ?? [navigator.language];
  return wished.some((tag) => tag.startsWith("zh")) || !wished.some((tag) => tag.startsWith("en")) ? "zh" : "en";
}

const Spoken = createContext<Spoken | null>(null);

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, keep] = useState<Language>(() => {
    const first = firstLanguage();
    speak(first);
    return first;
  });
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  }, [language]);
  const spoken = useMemo<Spoken>(
    () => ({
      language,
      t: speaker(language),
      setLanguage: (next) => {
        localStorage.setItem(KEPT, next);
        speak(next);
        keep(next);
      },
    }),
    [language],
  );
  return <Spoken.Provider value={spoken}>{children}</Spoken.Provider>;
}

export function useLanguage(): Spoken {
  const spoken = useContext(Spoken);
  if (!spoken) throw new Error("useLanguage needs a LanguageProvider above it");
  return spoken;
}
