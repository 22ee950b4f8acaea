import type { MenuEntry } from "../api/types";

const FOLDER = { view: "views", dashboard: "dashboards", form: "new" } as const;

export const pathOf = (entry: Pick<MenuEntry, "kind" | "name">) => `/${FOLDER[entry.kind]}/${entry.name}`;
export const recordPath = (entity: string, id: number) => `/records/${entity}/${id}`;
