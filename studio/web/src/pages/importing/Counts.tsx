import type { ImportShape } from "../../api/imports";
import { useLanguage } from "../../i18n/language";

const SHOWN = ["created", "matched", "twins", "bad"] as const;

/** How many rows of each kind; what is zero is quiet. */
export function Counts({ of: { counts } }: { of: ImportShape }) {
  const { t } = useLanguage();
  return (
    <dl className="import-counts">
      {SHOWN.map((name) => (
        <div key={name} className={counts[name] === 0 ? "import-zero" : name === "bad" ? "import-bad" : name === "twins" ? "import-warn" : ""}>
          <dt>{t(`imp.count.${name}`)}</dt>
          <dd>{counts[name].toLocaleString("en-US")}</dd>
        </div>
      ))}
    </dl>
  );
}
