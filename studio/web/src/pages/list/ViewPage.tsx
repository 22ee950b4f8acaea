import { lazy } from "react";
import { useParams } from "react-router";
import { useSurroundings } from "../../app/session";
import { NotFound } from "../../widgets/NotFound";
import { ListPage } from "./ListPage";

const BoardPage = lazy(() => import("../board/BoardPage"));

/** A view by its name, or all records of an entity. */
export default function ViewPage() {
  const { name = "", entity: plain } = useParams();
  const { model } = useSurroundings();
  const view = model.views[name];
  const entity = model.entities[view?.entity ?? plain ?? ""];
  if (!entity || (!plain && !view)) return <NotFound />;
  if (view?.show === "board") return <BoardPage key={name} name={name} view={view} entity={entity} />;
  return <ListPage key={name || plain} name={view ? name : undefined} view={view} entity={entity} />;
}
