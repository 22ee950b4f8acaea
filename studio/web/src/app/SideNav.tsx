import { HomeOutlined, PlusOutlined, SearchOutlined } from "@ant-design/icons";
import { Badge } from "antd";
import { Link, NavLink } from "react-router";
import { useLanguage } from "../i18n/language";
import mark from "../mark.svg";
import { firstForm } from "../pages/entry/forms";
import { MenuIcon } from "./MenuIcon";
import { pathOf } from "./paths";
import { usePlaces } from "./places";
import { useSurroundings } from "./session";
import { UserMenu } from "./UserMenu";

/** Navigation at the left, made from the model's menu. */
export function SideNav({ onSearch }: { onSearch: () => void }) {
  const { t } = useLanguage();
  const { model, session } = useSurroundings();
  const places = usePlaces();
  const pages = model.menu.filter((entry) => entry.kind !== "form");
  const form = model.forms[firstForm(model) ?? ""];
  return (
    <nav className="side" aria-label={t("nav.main")}>
      <Link to="/" className="side-site">
        <img src={mark} alt="" width={26} height={26} />
        <span className="clip">{session.site.label}</span>
      </Link>
      <button className="side-search" onClick={onSearch}>
        <SearchOutlined aria-hidden />
        <span className="clip">{t("nav.search")}</span>
        <kbd>Ctrl K</kbd>
      </button>
      {form && (
        <Link to={`/new/${firstForm(model)}`} className="side-new">
          <PlusOutlined aria-hidden />
          <span className="clip">{form.label}</span>
        </Link>
      )}
      <ul className="side-list side-pages">
        <li>
          <NavLink to="/" end className="side-link">
            <HomeOutlined aria-hidden />
            <span>{t("nav.home")}</span>
          </NavLink>
        </li>
        {pages.map((entry) => (
          <li key={`${entry.kind}:${entry.name}`}>
            <NavLink to={pathOf(entry)} className="side-link">
              <MenuIcon entry={entry} model={model} />
              <span className="clip">{entry.label}</span>
            </NavLink>
          </li>
        ))}
      </ul>
      <ul className="side-list side-foot">
        {places.map((place) => (
          <li key={place.to}>
            <NavLink to={place.to} className="side-link">
              <Badge dot={place.count > 0} offset={[-1, 2]}>
                <span className="side-bell">{place.icon}</span>
              </Badge>
              <span className="clip">{place.label}</span>
              {place.count > 0 && <span className="side-count" title={place.said}>{place.count}</span>}
            </NavLink>
          </li>
        ))}
        <li>
          <UserMenu />
        </li>
      </ul>
    </nav>
  );
}
