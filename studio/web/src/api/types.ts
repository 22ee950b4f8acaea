/** Shapes of the HTTP API, as the server sends them. */

import type { FileShape } from "./files";

export type Language = "zh" | "en";
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Values = Record<string, Json>;

export interface Session {
  user: { id: number; login: string; name: string; roles: string[]; language?: Language };
  site: { name: string; label: string; timezone: string; currency: string };
  language: Language;
  languages: Language[];
  may?: string[];
}

export interface Choice {
  name: string;
  label: string;
}

export interface FieldModel {
  name: string;
  label: string;
  help?: string;
  type: string;
  required?: boolean;
  read_only?: boolean;
  choices?: Choice[];
  to?: string;
  max_length?: number;
  min?: number;
  max?: number;
  personal?: boolean;
  unit?: string;
  /** Media types a file may have, and the most it may weigh (`50MB`). */
  accept?: string[];
  max_size?: string;
  system?: boolean;
}

export interface EntityModel {
  name: string;
  label: string;
  icon?: string;
  fields: FieldModel[];
  can: { create: boolean; update: boolean; delete: boolean; export: boolean };
  machines: string[];
  forms: string[];
  views: string[];
}

export interface StateModel {
  name: string;
  label: string;
  final?: boolean;
  color?: string;
}

export interface TransitionModel {
  name: string;
  label: string;
  from: string[];
  to: string;
  form?: string | null;
}

export interface MachineModel {
  label: string;
  entity: string;
  field: string;
  initial: string;
  states: StateModel[];
  transitions: TransitionModel[];
}

export interface Column {
  key: string;
  label: string;
  type: string;
}

export interface ViewModel {
  label: string;
  entity: string;
  show: string;
  columns: Column[];
  group?: string | null;
  /** The date a calendar is laid out by. */
  time?: string | null;
  sort?: string[];
}

export interface SectionModel {
  name: string;
  label?: string;
  fields: string[];
  columns?: number;
}

export interface FormModel {
  label: string;
  entity: string;
  fields: string[];
  sections: SectionModel[];
  ask_one_of: Record<string, string[]>;
  required: string[];
}

export interface MenuEntry {
  label: string;
  kind: "view" | "dashboard" | "form";
  name: string;
}

export interface Model {
  entities: Record<string, EntityModel>;
  machines: Record<string, MachineModel>;
  views: Record<string, ViewModel>;
  forms: Record<string, FormModel>;
  dashboards: Record<string, { label: string }>;
  menu: MenuEntry[];
  home: MenuEntry[];
}

export interface Promised {
  name: string;
  label: string;
  due: string | null;
  state: string;
}

export interface RecordLink {
  entity: string;
  id: number;
  title: string;
}

export interface RecordShape {
  id: number;
  version: number;
  entity: string;
  title: string;
  values: Values;
  shown: Record<string, string>;
  links: Record<string, RecordLink>;
  /** What the fields with a file hold. */
  files?: Record<string, FileShape>;
  promises: Promised[];
  can: { update: boolean; delete: boolean };
}

export interface RecordPage {
  items: RecordShape[];
  next: string | null;
  count?: number;
}

export interface DuplicateFound {
  /** Null when the reader may not see that record: only the score is told. */
  record: RecordShape | null;
  score: number;
  reasons: string[];
}

export interface Factor {
  name: string;
  label: string;
  value: number | null;
  weight?: number | null;
  /** None where the strategy does not count in points, such as the least loaded. */
  points?: number | null;
}

export interface Candidate {
  user: number;
  name: string;
  points?: number | null;
  factors?: Factor[];
  /** Why this one was not considered. */
  out?: string | null;
}

export interface OwnerWhy {
  rule: string;
  label?: string;
  candidates: Candidate[];
  chosen: number | null;
  reason: string;
}

/** One step of a run, as kept: what it was, where it is written, whether it was left out or failed. */
export interface StepTrace {
  step: string;
  where?: string;
  skipped?: boolean;
  failed?: string;
}

export interface RunTrace {
  id?: number;
  trigger: string;
  label: string;
  at: string;
  state: string;
  reason?: string;
  where?: string;
  steps: StepTrace[];
  conditions: { text: string; value: Json; holds: boolean }[];
}

export interface Why {
  owner: OwnerWhy | null;
  promises: Promised[];
  runs: RunTrace[];
}

/** What a write gave. A record without an id was only asked for: somebody has to agree first. */
export interface Written {
  record: RecordShape;
  warnings?: (DuplicateFound | ProblemLine)[];
}

export interface CreateAnswer extends Written {
  warnings: (DuplicateFound | ProblemLine)[];
}

export interface Missing {
  field?: string | null;
  message: string;
}

export interface Offered {
  name: string;
  label: string;
  to: string;
  to_label: string;
  form?: string | null;
  missing: Missing[];
  fields: string[];
  allowed: boolean;
  /** Why it is not allowed. */
  reasons?: string[];
}

export interface TimelineEntry {
  at: string;
  at_shown?: string;
  by: string | null;
  kind: string;
  title: string;
  changes: { field: string; label: string; before: Json; after: Json }[];
  where?: string | null;
}

export interface BoardColumn {
  state: string;
  label: string;
  count: number;
  color?: string;
  items: RecordShape[];
  next: string | null;
}

export interface Board {
  columns: BoardColumn[];
}

export interface Definition {
  text?: string;
  yaml?: string;
  where?: string | null;
}

export interface Point {
  label: string;
  value: number | null;
  shown?: string;
  point?: Json;
  count?: number | null;
  share?: number | null;
}

export interface HeatCell {
  x: number;
  y: number;
  value: number | null;
  shown?: string;
  point?: Json;
  count?: number | null;
}

/** What a tile draws: points of a series, groups or funnel; cells of a heat map; or records. */
export interface TileFacts {
  kind?: string;
  points?: Point[];
  rows?: { label: string }[];
  columns?: { label: string; key?: string; type?: string }[];
  cells?: HeatCell[];
  items?: RecordShape[];
  unit?: string;
}

export interface Tile {
  label: string;
  show: string;
  data?: TileFacts | null;
  option?: Record<string, unknown> | null;
  value?: number | null;
  shown?: string | null;
  unit?: string | null;
  good?: boolean | null;
  target?: string | null;
  definition?: Definition | null;
  count?: number | null;
  width?: number;
  /** Its number is still being counted; `error` says how far it is. */
  counting?: boolean;
  error?: string | { title?: string; detail?: string; message?: string } | null;
}

export interface DashboardFilter {
  name: string;
  label: string;
  type: string;
  choices?: Choice[];
  to?: string;
}

export interface Dashboard {
  name: string;
  label: string;
  layers: { name: string; label: string; tiles: string[] }[];
  filters: (DashboardFilter | string)[];
  tiles: Record<string, Tile>;
  as_of: string;
  /** Some numbers are still being counted in the background. */
  counting?: boolean;
}

export interface Revision {
  number: number;
  at: string;
  by: string | null;
  message: string;
  /** What changed with it, a sentence a change. */
  changes: Partial<Record<Language, string[]>>;
  current: boolean;
}

export interface Notice {
  id: number;
  at: string;
  title: string;
  body?: string;
  read: boolean;
  entity?: string | null;
  record?: number | null;
}

export interface ProblemLine {
  code: string;
  message: string;
  fix?: string | null;
  field?: string | null;
  label?: string | null;
  where?: { file: string; line: number; column: number } | null;
}

export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  trace_id?: string;
  problems?: ProblemLine[];
}
