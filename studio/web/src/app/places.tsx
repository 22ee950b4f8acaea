import { ApiOutlined, AuditOutlined, BellOutlined, FileTextOutlined, HistoryOutlined, InboxOutlined, ThunderboltOutlined } from "@ant-design/icons";
import type { ReactNode } from "react";
import { useApprovals } from "../api/approvals";
import { useUnread } from "../api/queries";
import { useLanguage } from "../i18n/language";
import { may, useSurroundings } from "./session";

export interface Place {
  to: string;
  label: string;
  icon: ReactNode;
  /** How many there wait for the reader. */
  count: number;
  /** The count as a sentence, for who cannot see it. */
  said?: string;
}

/** The pages every site has, cut to what the reader may do; approvals only for those who ever had to do with one. */
export function usePlaces(): Place[] {
  const { t } = useLanguage();
  const { session } = useSurroundings();
  const unread = useUnread();
  const approvals = useApprovals().data;
  const waiting = approvals?.to_decide.length ?? 0;
  const places: (Place | false)[] = [
    { to: "/notifications", label: t("nav.notices"), icon: <BellOutlined aria-hidden />, count: unread, said: t("nav.unread", { n: unread }) },
    waiting + (approvals?.asked.length ?? 0) > 0 && { to: "/approvals", label: t("appr.title"), icon: <AuditOutlined aria-hidden />, count: waiting, said: t("appr.toDecide", { n: waiting }) },
    may(session, "import") && { to: "/inbox", label: t("inbox.title"), icon: <InboxOutlined aria-hidden />, count: 0 },
    (may(session, "import") || may(session, "configure")) && { to: "/connections", label: t("conn.title"), icon: <ApiOutlined aria-hidden />, count: 0 },
    (may(session, "audit") || may(session, "configure")) && { to: "/runs", label: t("runs.title"), icon: <ThunderboltOutlined aria-hidden />, count: 0 },
    may(session, "configure") && { to: "/templates", label: t("tpl.title"), icon: <FileTextOutlined aria-hidden />, count: 0 },
    may(session, "configure") && { to: "/revisions", label: t("nav.revisions"), icon: <HistoryOutlined aria-hidden />, count: 0 },
  ];
  return places.filter((place) => place !== false);
}
