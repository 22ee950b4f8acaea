import { HistoryOutlined, HomeOutlined, MenuOutlined, PlusOutlined } from "@ant-design/icons";
import { Drawer } from "antd";
import { useEffect, useState } from "react";
import { Link, NavLink, useLocation } from "react-router";
import { useLanguage } from "../i18n/language";
import { firstForm } from "../pages/entry/forms";
import { MenuIcon } from "./MenuIcon";
import { pathOf } from "./paths";
import { may, useSurroundings } from "./session";

/** The bar at the foot of phones: home, two pages, the quick form in the middle, the rest behind "more". */
export function BottomBar() {
  const { t } = useLanguage();
  const { model, session } = useSurroundings();
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
        <MenuOutlined aria-hidden />
        <span>{t("app.more")}</span>
      </button>
      <Drawer open={open} onClose={() => setOpen(false)} placement="bottom" size="auto" title={t("app.more")} styles={{ body: { padding: 8, paddingBottom: 24 } }}>
        <ul className="side-list">
          {model.menu.map((entry) => (
            <li key={`${entry.kind}:${entry.name}`}>
              <NavLink to={pathOf(entry)} className="side-link">
                <MenuIcon entry={entry} model={model} />
                <span>{entry.label}</span>
              </NavLink>
            </li>
          ))}
          {may(session, "configure") && (
            <li>
              <NavLink to="/revisions" className="side-link">
                <HistoryOutlined aria-hidden />
                <span>{t("nav.revisions")}</span>
              </NavLink>
            </li>
          )}
        </ul>
      </Drawer>
    </nav>
  );
}
