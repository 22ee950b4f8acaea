import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { en } from "./en";
import { zh, type Word } from "./zh";

const HAN = /[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]/;
/** Words that are the same in both languages, or names of things people type. */
const SAME = /\{\w+\}|https?:\S+|flowloom sign-in|English|CSV|Excel|YAML|JSON|MB|Esc|Ctrl|\b(in|n|m|h|d)\b/g;
const keys = Object.keys(zh) as Word[];

/** Places that take or write Chinese by themselves: dates, amounts, and what people type in either language. */
const BY_THEMSELVES = ["i18n/", "format/", "fields/MoneyInput.tsx", "fields/FieldInput.tsx", "fields/FieldText.tsx", "api/problem.ts"];

it("says everything in both languages, with the same blanks to fill", () => {
  expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  for (const key of keys) expect(blanks(en[key]), key).toEqual(blanks(zh[key]));
});

it("leaves no Chinese in English, the name of the other language aside", () => {
  expect(keys.filter((key) => key !== "nav.language" && HAN.test(en[key]))).toEqual([]);
});

it("leaves no English in Chinese", () => {
  expect(keys.filter((key) => key !== "nav.language" && /[a-z]{2,}/i.test(zh[key].replace(SAME, "")))).toEqual([]);
});

it("words nothing in the pages themselves", () => {
  const root = join(__dirname, "..");
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const short = path.slice(root.length + 1);
      if (statSync(path).isDirectory()) walk(path);
      else if (/\.tsx?$/.test(name) && !/\.test\.ts$/.test(name) && !BY_THEMSELVES.some((one) => short.startsWith(one))) {
        const code = readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
        if (HAN.test(code)) found.push(short);
      }
    }
  };
  walk(root);
  expect(found).toEqual([]);
});
