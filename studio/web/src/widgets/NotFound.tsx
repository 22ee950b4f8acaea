import { Link } from "react-router";
import { useLanguage } from "../i18n/language";
import { Blank } from "./Blank";

export function NotFound({ title }: { title?: string }) {
  const { t } = useLanguage();
  return (
    <Blank title={title ?? t("app.notFound")} hint={t("app.notFoundHint")}>
      <Link to="/">{t("app.backHome")}</Link>
    </Blank>
  );
}
