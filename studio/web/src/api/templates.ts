import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useLanguage } from "../i18n/language";
import { api } from "./client";
import type { ProblemLine, RecordPage } from "./types";

export type Channel = "message" | "email" | "document" | "page";

export interface TemplateRow {
  name: string;
  label: string;
  summary: string;
  channel: Channel;
  entity: string;
  entity_label: string;
  pack: string;
  track: boolean;
  html: boolean;
}

export interface TemplateText {
  at: string;
  label: string;
  value: string;
  html: boolean;
  short: boolean;
}

export interface Figures {
  sent: number;
  opened: number;
  clicked: number;
  /** How long those who opened it looked, each. */
  seconds: number;
}

export interface TemplateVersion {
  number: number;
  until: number;
  at: string;
  by: string;
  note: string;
  text: string;
  current: boolean;
  figures?: Figures;
}

export interface TemplateShape {
  name: string;
  label: string;
  channel: Channel;
  entity: string;
  entity_label: string;
  track: boolean;
  mark: string;
  texts: TemplateText[];
  versions: TemplateVersion[];
}

/** What is wrong with a text: which one, and where in it. */
export interface Mistake extends ProblemLine {
  text: string;
  at?: string;
  line?: number;
  column?: number;
}

export interface Shown {
  kind: Channel;
  title: string;
  text?: string;
  html?: string;
  name?: string;
  count?: number;
  pages?: string[];
  missed?: string[];
}

export interface Look {
  problems: Mistake[];
  shown: Shown | null;
  changed: boolean;
}

export type TextEdit = { at: string; value: string };

export function useTemplates() {
  const { language } = useLanguage();
  return useQuery({
    queryKey: ["templates", language],
    queryFn: ({ signal }) => api.get<{ items: TemplateRow[] }>("/templates", undefined, signal),
    select: (answer) => answer.items,
  });
}

export function useTemplate(name: string) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: ["template", language, name],
    queryFn: ({ signal }) => api.get<TemplateShape>(`/templates/${name}`, undefined, signal),
  });
}

/** How the template looks with these edits; the look before stays until the next one is there. */
export function useLook(name: string, edits: TextEdit[], record: number | null) {
  const { language } = useLanguage();
  return useQuery({
    queryKey: ["look", language, name, edits, record],
    gcTime: 10_000,
    staleTime: 5_000,
    placeholderData: keepPreviousData,
    queryFn: () => api.post<Look>(`/templates/${name}/look`, { edits, record }),
  });
}

/** The record a template is shown for when nobody has chosen one: the latest. */
export function useLatest(entity: string | undefined) {
  return useQuery({
    queryKey: ["latest", entity],
    enabled: entity !== undefined,
    queryFn: ({ signal }) => api.get<RecordPage>(`/records/${entity}`, { limit: 1, sort: "-id" }, signal),
    select: (page) => page.items[0] ?? null,
  });
}

export const saveTemplate = (name: string, edits: TextEdit[], mark: string) => api.patch<{ mark: string; files: string[] }>(`/templates/${name}`, { edits, mark });
