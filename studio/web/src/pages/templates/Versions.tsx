import type { TemplateShape, TemplateVersion } from "../../api/templates";
import { useSay } from "../../app/session";
import { useLanguage } from "../../i18n/language";

/** The versions of a template side by side: how many were sent, opened, clicked, and how long people looked. */
export function Versions({ template }: { template: TemplateShape }) {
  const { t } = useLanguage();
  const most = Math.max(0, ...template.versions.map(rate));
  if (template.versions.length === 0) return null;
  return (
    <section className="panel">
      <h2>{t("tpl.versions")}</h2>
      <p className="quiet small">{t(template.track ? "tpl.versionsHint" : "tpl.untracked")}</p>
      <ol className="template-versions">
        {template.versions.map((one) => (
          <Version key={one.number} one={one} most={most} counted={template.track} />
        ))}
      </ol>
    </section>
  );
}

const rate = (one: TemplateVersion) => (one.figures && one.figures.sent > 0 ? one.figures.opened / one.figures.sent : 0);
const percent = (share: number) => `${Math.round(share * 100)}%`;

function Version({ one, most, counted }: { one: TemplateVersion; most: number; counted: boolean }) {
  const { t } = useLanguage();
  const say = useSay();
  const figures = one.figures;
  const sent = figures?.sent ?? 0;
  return (
    <li>
      <div className="template-version">
        <strong>{one.until > one.number ? t("tpl.versionSpan", { n: one.number, m: one.until }) : t("rev.number", { n: one.number })}</strong>
        {one.current && <span className="tag" style={{ "--tone": "var(--good)" } as React.CSSProperties}>{t("rev.current")}</span>}
        <span className="quiet small">
          <time dateTime={one.at} title={say.fully(one.at)}>{say.instant(one.at)}</time> {one.by}
        </span>
        {one.note && <p>{one.note}</p>}
      </div>
      {counted && figures && (
        <dl className="template-figures">
          <div><dt>{t("tpl.sent")}</dt><dd>{figures.sent}</dd></div>
          <div><dt>{t("tpl.opened")}</dt><dd>{figures.opened} <span className="quiet">{sent > 0 ? percent(figures.opened / sent) : "–"}</span></dd></div>
          <div><dt>{t("tpl.clicked")}</dt><dd>{figures.clicked} <span className="quiet">{sent > 0 ? percent(figures.clicked / sent) : "–"}</span></dd></div>
          <div><dt>{t("tpl.seconds")}</dt><dd>{t("tpl.secondsEach", { n: Math.round(figures.seconds) })}</dd></div>
          <div className="template-bar" aria-hidden><span style={{ width: percent(most > 0 ? rate(one) / most : 0) }} /></div>
        </dl>
      )}
      <details>
        <summary>{t("tpl.versionText")}</summary>
        <pre className="template-words">{one.text}</pre>
      </details>
    </li>
  );
}
