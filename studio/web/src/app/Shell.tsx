import { useEffect, useState, type ReactNode } from "react";
import { useLocation } from "react-router";
import { useLanguage } from "../i18n/language";
import { Boundary } from "../widgets/Boundary";
import { BottomBar } from "./BottomBar";
import { Palette } from "./Palette";
import { SideNav } from "./SideNav";
import { usePhone } from "./theme";
import { TopBar } from "./TopBar";
import "./shell.css";

/** The frame around every page: navigation, search, and the page itself. */
export function Shell({ children }: { children: ReactNode }) {
  const { t } = useLanguage();
  const phone = usePhone();
  const { pathname } = useLocation();
  const [searching, setSearching] = useState(false);

  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setSearching(true);
      }
    };
    window.addEventListener("keydown", heard);
    return () => window.removeEventListener("keydown", heard);
  }, []);

  useEffect(() => setSearching(false), [pathname]);

  return (
    <div className="shell">
      <a className="skip" href="#page">
        {t("app.skip")}
      </a>
      {phone ? <TopBar onSearch={() => setSearching(true)} /> : <SideNav onSearch={() => setSearching(true)} />}
      <main id="page" className="page" tabIndex={-1}>
        <Boundary at={pathname}>{children}</Boundary>
      </main>
      {phone && <BottomBar />}
      {searching && <Palette onClose={() => setSearching(false)} />}
    </div>
  );
}
