import { GlobalOutlined, LogoutOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Dropdown } from "antd";
import { api } from "../api/client";
import { useLanguage } from "../i18n/language";
import { Face } from "../widgets/Face";
import { useSurroundings, useSwitchLanguage } from "./session";

/** The person's name; opens language and sign-out. */
export function UserMenu({ compact = false }: { compact?: boolean }) {
  const { t } = useLanguage();
  const { user } = useSurroundings().session;
  const client = useQueryClient();
  const switchLanguage = useSwitchLanguage();

  const signOut = async () => {
    await api.remove("/session");
    client.clear();
    window.location.assign("/");
  };

  return (
    <Dropdown
      trigger={["click"]}
      placement={compact ? "bottomRight" : "topLeft"}
      menu={{
        items: [
          { key: "language", icon: <GlobalOutlined aria-hidden />, label: t("nav.language"), onClick: () => void switchLanguage() },
          { type: "divider" },
          { key: "out", icon: <LogoutOutlined aria-hidden />, label: t("nav.signOut"), onClick: () => void signOut() },
        ],
      }}
    >
      <button className={compact ? "top-button" : "side-link side-user"} aria-label={compact ? t("nav.user", { name: user.name }) : undefined} aria-haspopup="menu">
        <Face name={user.name} />
        {!compact && <span className="clip">{user.name}</span>}
      </button>
    </Dropdown>
  );
}
