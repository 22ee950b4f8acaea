import { HomeOutlined, MenuOutlined, PlusOutlined } from "@ant-design/icons";
import { Badge, Drawer } from "antd";
import { useEffect, useState } from "react";
import { Link, NavLink, useLocation } from "react-router";
import { useLanguage } from "../i18n/language";
import { firstForm } from "../pages/entry/forms";
import { MenuIcon } from "./MenuIcon";
import { pathOf } from "./paths";
import { usePlaces } from "./places";
import { useSurroundings } from "./session";

/** The bar at the foot of phones: home, two pages, the quick form in the middle, the rest behind "more". */
export function BottomBar() {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const places = usePlaces();
  // Messages have their own bell at the top.
  const waiting = places.filter((place) => place.to !== "/notifications" && place.count > 0);
  const { pathname } = useLocation();
  const [open, setOpen] = useState(false);
  const pages = model.menu.filter((entry) => entry.kind !== "form");
  const form = firstForm(model);
  const [first, second] = pages;

  useEffect(() => setOpen(false), [pathname]);

  return (
    <nav className="foot" aria-label={t("nav.main")}>
      <NavLink to="/" end className="foot-link">
        <HomeOutlined aria-hidden />
        <span>{t("nav.home")}</span>
      </NavLink>
      {first && (
        <NavLink to={pathOf(first)} className="foot-link">
          <MenuIcon entry={first} model={model} />
          <span className="clip">{first.label}</span>
        </NavLink>
      )}
      {form && (
        <Link to={`/new/${form}`} className="foot-link foot-new" aria-label={model.forms[form]?.label}>
          <PlusOutlined aria-hidden />
        </Link>
      )}
      {second && (
        <NavLink to={pathOf(second)} className="foot-link">
          <MenuIcon entry={second} model={model} />
          <span className="clip">{second.label}</span>
        </NavLink>
      )}
      <button className="foot-link" onClick={() => setOpen(true)} aria-expanded={open}>
        <Badge dot={waiting.length > 0}>
          <MenuOutlined aria-hidden />
        </Badge>
        <span>
          {t("app.more")}
          {waiting.map((place) => <span key={place.to} className="unseen">{place.said}</span>)}
        </span>
      </button>
      <Drawer open={open} onClose={() => setOpen(false)} placement="bottom" size="auto" title={t("app.more")} rootClassName="more" styles={{ wrapper: { maxHeight: "82dvh" }, body: { padding: "8px 8px 24px" } }}>
        <ul className="side-list more-places">
          {places.map((place) => (
            <li key={place.to}>
              <NavLink to={place.to} className="side-link">
                {place.icon}
                <span>{place.label}</span>
                {place.count > 0 && <span className="side-count">{place.count}</span>}
              </NavLink>
            </li>
          ))}
        </ul>
        <ul className="side-list">
          {model.menu.map((entry) => (
            <li key={`${entry.kind}:${entry.name}`}>
              <NavLink to={pathOf(entry)} className="side-link">
                <MenuIcon entry={entry} model={model} />
                <span>{entry.label}</span>
              </NavLink>
            </li>
          ))}
        </ul>
      </Drawer>
    </nav>
  );
}
