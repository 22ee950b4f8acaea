import { lazy } from "react";
import { useParams, useSearchParams } from "react-router";
import { useSurroundings } from "../../app/session";
import { NotFound } from "../../widgets/NotFound";
import { ListPage } from "./ListPage";

const CalendarPage = lazy(() => import("../calendar/CalendarPage"));
const BoardPage = lazy(() => import("../board/BoardPage"));

/** A view by its name, or all records of an entity. */
export default function ViewPage() {
  const { name = "", entity: plain } = useParams();
  const { model } = useSurroundings();
  const asList = useSearchParams()[0].get("as") === "list";
  const view = model.views[name];
  const entity = model.entities[view?.entity ?? plain ?? ""];
  if (!entity || (!plain && !view)) return <NotFound />;
  if (view?.show === "board") return <BoardPage key={name} name={name} view={view} entity={entity} />;
  if (view?.show === "calendar" && view.time && !asList) return <CalendarPage key={name} name={name} view={view} entity={entity} />;
  return <ListPage key={name || plain} name={view ? name : undefined} view={view} entity={entity} />;
}
