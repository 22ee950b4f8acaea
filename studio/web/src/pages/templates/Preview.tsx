import type { UseQueryResult } from "@tanstack/react-query";
import { Segmented } from "antd";
import { useState } from "react";
import type { Look } from "../../api/templates";
import { useLanguage } from "../../i18n/language";
import { Blank } from "../../widgets/Blank";
import { Failure } from "../../widgets/Failure";
import { Splash } from "../../widgets/Splash";

interface Props {
  look: UseQueryResult<Look>;
  hasRecord: boolean;
  entity: string;
}

/** How a template looks for a record: a message as words, a mail as customers see it, a document page by page. */
export function Preview({ look, hasRecord, entity }: Props) {
  const { t } = useLanguage();
  const [plain, setPlain] = useState(false);
  if (!hasRecord) return <Blank title={t("tpl.noRecord", { entity })} hint={t("tpl.noRecordHint")} />;
  if (look.isError) return <Failure error={look.error} onRetry={() => void look.refetch()} />;
  if (look.isPending) return <Splash inPage />;
  const shown = look.data.shown;
  if (!shown) return <p className="quiet">{t("tpl.notShown")}</p>;
  return (
    <div className={look.isFetching ? "template-shown template-waits" : "template-shown"} aria-busy={look.isFetching}>
      <p className="template-subject">{shown.title}</p>
      {shown.html !== undefined && (
        <>
          <Segmented aria-label={t("tpl.preview")} value={plain ? "plain" : "html"} options={[{ value: "html", label: t("tpl.asHtml") }, { value: "plain", label: t("tpl.asText") }]} onChange={(value) => setPlain(value === "plain")} />
          {/* Without a single right: no script, no form, no link that opens. */}
          {!plain && <iframe sandbox="" srcDoc={shown.html} title={shown.title} className="template-mail" />}
        </>
      )}
      {(shown.html === undefined || plain) && shown.text !== undefined && <pre className="template-words">{shown.text}</pre>}
      {shown.pages?.map((page, at) => <img key={at} src={page} alt={t("tpl.page", { n: at + 1, all: shown.count ?? 0 })} className="template-page" />)}
      {shown.count !== undefined && <p className="quiet small">{t((shown.pages?.length ?? 0) < shown.count ? "tpl.pagesMore" : "tpl.pages", { n: shown.count, shown: shown.pages?.length ?? 0 })}</p>}
    </div>
  );
}
