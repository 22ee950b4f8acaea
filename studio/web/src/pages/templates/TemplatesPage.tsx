import { Link } from "react-router";
import { useTemplates, type Channel } from "../../api/templates";
import { useLanguage } from "../../i18n/language";
import { Blank } from "../../widgets/Blank";
import { Failure } from "../../widgets/Failure";
import { PageHead } from "../../widgets/PageHead";
import { Splash } from "../../widgets/Splash";
import "./templates.css";

const ORDER: Channel[] = ["email", "document", "message", "page"];

/** Every template of the site, by what it becomes: mails, documents, messages. */
export default function TemplatesPage() {
  const { t } = useLanguage();
  const found = useTemplates();
  if (found.isPending) return <Splash inPage />;
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  return (
    <div className="narrow templates">
      <PageHead title={t("tpl.title")} note={t("tpl.lead")} />
      {found.data.length === 0 && <Blank title={t("tpl.none")} hint={t("tpl.noneHint")} />}
      {ORDER.map((channel) => {
        const rows = found.data.filter((one) => one.channel === channel);
        if (rows.length === 0) return null;
        return (
          <section key={channel} className="panel">
            <h2>{t(`tpl.channel.${channel}`)}</h2>
            <ul className="template-list">
              {rows.map((one) => (
                <li key={one.name}>
                  <Link to={`/templates/${one.name}`}>{one.label}</Link>
                  {one.summary && <p className="quiet small">{one.summary}</p>}
                  <p className="quiet small template-about">
                    <span>{t("tpl.for", { entity: one.entity_label })}</span>
                    {one.track && <span className="chip">{t("tpl.tracked")}</span>}
                    {one.pack === "custom" && <span className="chip">{t("tpl.own")}</span>}
                  </p>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}
