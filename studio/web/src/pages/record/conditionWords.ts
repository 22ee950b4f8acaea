import type { EntityModel, Json } from "../../api/types";
import type { Speaker } from "../../i18n/language";
import { fieldOf } from "../../fields/shape";

/** The values a condition looked at, by their labels: 来源标签 = 官网-春季义诊. */
export function conditionWords(entity: EntityModel | undefined, looked: Json, t: Speaker): string {
  const worded = (value: Json): string => {
    if (value === null || value === "") return t("time.empty");
    if (Array.isArray(value)) return value.length > 0 ? value.map(worded).join(t("appr.and")) : t("time.empty");
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  };
  if (looked !== null && typeof looked === "object" && !Array.isArray(looked)) {
    return Object.entries(looked)
      .map(([name, value]) => `${fieldOf(entity, name)?.label ?? name} = ${worded(value)}`)
      .reduce((a, b) => (a ? t("say.comma", { a, b }) : b), "");
  }
  return worded(looked);
}
