import type { Tried } from "../../api/inbox";
import type { RecordShape } from "../../api/types";
import { spoken } from "../../api/problem";
import { useSurroundings } from "../../app/session";
import { FieldText } from "../../fields/FieldText";
import { fieldOf } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import { Notes } from "../../widgets/Notes";

/** What would come of it, piece by piece. */
export function Trial({ tried, into }: { tried: Tried[]; into: string | null }) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  return (
    <section className="trial" aria-live="polite">
      <h3>{t("inbox.trial")}</h3>
      {tried.map((each, at) => (
        <div key={at}>
          {each.problems ? (
            <Notes tone="bad" lines={each.problems.map(spoken)} />
          ) : (
            <>
              <Notes tone="good" lines={[t(each.action === "matched" ? "inbox.wouldMatch" : each.action === "created" ? "inbox.wouldCreate" : "inbox.wouldKeep")]} />
              <dl className="approval-facts">
                {Object.entries(each.values ?? {}).filter(([, value]) => value !== null && typeof value !== "object").slice(0, 12).map(([name, value]) => (
                  <div key={name}>
                    <dt>{fieldOf(model.entities[into ?? ""], name)?.label ?? name}</dt>
                    <dd>{fieldOf(model.entities[into ?? ""], name) ? <FieldText record={recordOf(each, into ?? "")} name={name} type={fieldOf(model.entities[into ?? ""], name)?.type ?? ""} plain /> : String(value)}</dd>
                  </div>
                ))}
              </dl>
            </>
          )}
        </div>
      ))}
    </section>
  );
}

/** What would be made, as records are shown; it is none yet. */
const recordOf = (tried: Tried, entity: string): RecordShape => ({
  id: tried.record ?? 0,
  version: 0,
  entity,
  title: "",
  values: tried.values ?? {},
  shown: tried.shown ?? {},
  links: tried.links ?? {},
  promises: [],
  can: { update: false, delete: false },
});
