import { BellOutlined, SearchOutlined } from "@ant-design/icons";
import { Badge } from "antd";
import { Link } from "react-router";
import { useUnread } from "../api/queries";
import { useLanguage } from "../i18n/language";
import mark from "../mark.svg";
import { useSurroundings } from "./session";
import { UserMenu } from "./UserMenu";

/** The bar at the top of phones. */
export function TopBar({ onSearch }: { onSearch: () => void }) {
  const { t } = useLanguage();
  const { session } = useSurroundings();
  const unread = useUnread();
  return (
    <header className="top">
      <Link to="/" className="top-site">
        <img src={mark} alt="" width={24} height={24} />
        <span className="clip">{session.site.label}</span>
      </Link>
      <button className="top-button" aria-label={t("nav.search")} onClick={onSearch}>
        <SearchOutlined aria-hidden />
      </button>
      <Link
        to="/notifications"
        className="top-button"
        aria-label={unread > 0 ? t("say.comma", { a: t("nav.notices"), b: t("nav.unread", { n: unread }) }) : t("nav.notices")}
      >
        <Badge dot={unread > 0}>
          <BellOutlined aria-hidden className="side-bell" />
        </Badge>
      </Link>
      <UserMenu compact />
    </header>
  );
}
