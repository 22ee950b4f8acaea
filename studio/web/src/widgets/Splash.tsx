import { useLanguage } from "../i18n/language";

/** What shows while something opens; waits a moment before it appears, so quick pages do not flicker. */
export function Splash({ inPage = false }: { inPage?: boolean }) {
  const { t } = useLanguage();
  return (
    <div className={inPage ? "splash splash-page" : "splash"} role="status">
      <span className="splash-bar" aria-hidden />
      <span>{t("app.loading")}</span>
    </div>
  );
}
