import { lazy, Suspense } from "react";
import { AuditOutlined, PlusOutlined, RightOutlined } from "@ant-design/icons";
import { Link } from "react-router";
import { useToDecide } from "../../api/approvals";
import type { MenuEntry } from "../../api/types";
import { MenuIcon } from "../../app/MenuIcon";
import { pathOf } from "../../app/paths";
import { useSay, useSurroundings } from "../../app/session";
import { wallOf } from "../../format/moment";
import { useLanguage } from "../../i18n/language";
import { PageHead } from "../../widgets/PageHead";

import { HomeList } from "./HomeList";
import "./home.css";

const HomeTiles = lazy(() => import("./HomeTiles"));

/** The first page of a role: its forms as buttons, its numbers, its lists with their first rows, its other pages as doors. */
export function Home() {
  const { t } = useLanguage();
  const { model, session } = useSurroundings();
  const say = useSay();
  const waiting = useToDecide();
  const { hour } = wallOf(new Date(), say.timezone);
  const part = t(hour < 5 ? "home.evening" : hour < 11 ? "home.morning" : hour < 13 ? "home.noon" : hour < 18 ? "home.afternoon" : "home.evening");
  const blocks = model.home.length > 0 ? model.home : model.menu;
  const forms = blocks.filter((entry) => entry.kind === "form");
  const lists = blocks.filter((entry) => entry.kind === "view" && model.views[entry.name]?.show !== "board");
  const numbers = model.home.filter((entry) => entry.kind === "dashboard");
  const doors = blocks.filter((entry) => ![...forms, ...lists, ...numbers].includes(entry));

  return (
    <>
      <PageHead title={t("home.hello", { name: session.user.name, part })} note={t("home.today", { date: say.fully(new Date().toISOString()).slice(0, -6) })} />
      {waiting > 0 && (
        <Link to="/approvals" className="home-waiting">
          <AuditOutlined aria-hidden />
          <span>{t("appr.toDecide", { n: waiting })}</span>
          <RightOutlined aria-hidden />
        </Link>
      )}
      <div className="home-doors">
        {forms.map((entry) => (
          <Link key={entry.name} to={pathOf(entry)} className="home-door home-door-new">
            <PlusOutlined aria-hidden /> {entry.label}
          </Link>
        ))}
        {doors.map((entry: MenuEntry) => (
          <Link key={`${entry.kind}:${entry.name}`} to={pathOf(entry)} className="home-door">
            <MenuIcon entry={entry} model={model} /> {entry.label}
          </Link>
        ))}
      </div>
      <Suspense>
        {blocks.map((entry) =>
          numbers.includes(entry) ? <HomeTiles key={`numbers:${entry.name}`} entry={entry} /> : lists.includes(entry) ? <HomeList key={entry.name} entry={entry} /> : null,
        )}
      </Suspense>
    </>
  );
}
