let language = "zh";

/** The language asked for in every request that follows. */
export function speak(next: string): void {
  language = next;
}

export const spokenLanguage = (): string => language;
