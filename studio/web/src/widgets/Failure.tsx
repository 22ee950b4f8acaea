import { Button } from "antd";
import { asRefusal } from "../api/problem";
import { useLanguage } from "../i18n/language";
import { Blank } from "./Blank";

/** A page or part that could not be loaded: what happened, and the way on. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useLanguage();
  const refusal = asRefusal(error);
  const offline = refusal.status === 0;
  // Asking again helps when something broke, not when it was refused.
  const broken = offline || refusal.status >= 500 || refusal.status === 429;
  return (
    <Blank
      title={offline ? t("app.offline") : refusal.message}
      hint={refusal.problems[0]?.fix ?? undefined}
    >
      {onRetry && broken && <Button onClick={onRetry}>{t("app.retry")}</Button>}
      {refusal.traceId && broken && <p className="quiet small">{t("app.trace", { id: refusal.traceId })}</p>}
    </Blank>
  );
}
