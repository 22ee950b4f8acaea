import { PlusOutlined } from "@ant-design/icons";
import { Link } from "react-router";
import type { MenuEntry } from "../../api/types";
import { MenuIcon } from "../../app/MenuIcon";
import { pathOf } from "../../app/paths";
import { useSay, useSurroundings } from "../../app/session";
import { wallOf } from "../../format/moment";
import { useLanguage } from "../../i18n/language";
import { PageHead } from "../../widgets/PageHead";
import { HomeList } from "./HomeList";
import "./home.css";

/** The first page of a role: its forms as buttons, its lists with their first rows, its other pages as doors. */
export function Home() {
  const { t } = useLanguage();
  const { model, session } = useSurroundings();
  const say = useSay();
  const { hour } = wallOf(new Date(), say.timezone);
  const part = t(hour < 5 ? "home.evening" : hour < 11 ? "home.morning" : hour < 13 ? "home.noon" : hour < 18 ? "home.afternoon" : "home.evening");
  const blocks = model.home.length > 0 ? model.home : model.menu;
  const forms = blocks.filter((entry) => entry.kind === "form");
  const lists = blocks.filter((entry) => entry.kind === "view" && model.views[entry.name]?.show !== "board");
  const doors = blocks.filter((entry) => !forms.includes(entry) && !lists.includes(entry));

  return (
    <>
      <PageHead title={t("home.hello", { name: session.user.name, part })} note={t("home.today", { date: say.fully(new Date().toISOString()).slice(0, -6) })} />
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
      {lists.map((entry) => (
        <HomeList key={entry.name} entry={entry} />
      ))}
    </>
  );
}
