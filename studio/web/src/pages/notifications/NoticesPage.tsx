import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { Link } from "react-router";
import { api } from "../../api/client";
import { useNotices } from "../../api/queries";
import type { Notice } from "../../api/types";
import { refreshLive } from "../../app/live";
import { recordPath } from "../../app/paths";
import { useSay } from "../../app/session";
import { useLanguage } from "../../i18n/language";
import { Blank } from "../../widgets/Blank";
import { Failure } from "../../widgets/Failure";
import { PageHead } from "../../widgets/PageHead";
import { Splash } from "../../widgets/Splash";
import "./notices.css";

/** What the reader was told, newest first. Opening one marks it as read. */
export default function NoticesPage() {
  const { t } = useLanguage();
  const client = useQueryClient();
  const notices = useNotices();
  const all = notices.data?.items ?? [];
  const read = async (ids?: number[]) => {
    await api.post("/notifications/read", ids ? { ids } : {});
    await refreshLive(client);
  };
  return (
    <div className="narrow">
      <PageHead title={t("notice.title")}>
        {all.some((notice) => !notice.read) && <Button onClick={() => void read()}>{t("notice.readAll")}</Button>}
      </PageHead>
      {notices.isPending && <Splash inPage />}
      {notices.isError && <Failure error={notices.error} onRetry={() => void notices.refetch()} />}
      {notices.isSuccess && all.length === 0 && <Blank title={t("notice.none")} hint={t("notice.noneHint")} />}
      {all.length > 0 && (
        <ul className="notices">
          {all.map((notice) => (
            <li key={notice.id} className={notice.read ? undefined : "notice-new"}>
              <OneNotice notice={notice} onOpen={() => notice.read || void read([notice.id])} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function OneNotice({ notice, onOpen }: { notice: Notice; onOpen: () => void }) {
  const { t } = useLanguage();
  const say = useSay();
  const text = (
    <>
      <span className="notice-head">
        {!notice.read && <span className="notice-dot"><span className="unseen">{t("notice.unread")}</span></span>}
        <strong>{notice.title}</strong>
        <time className="quiet small" dateTime={notice.at}>{say.instant(notice.at)}</time>
      </span>
      {notice.body && <span className="quiet">{notice.body}</span>}
    </>
  );
  return notice.entity && notice.record ? (
    <Link to={recordPath(notice.entity, notice.record)} onClick={onOpen}>{text}</Link>
  ) : (
    <button onClick={onOpen}>{text}</button>
  );
}
