import { FormOutlined, LineChartOutlined, ProjectOutlined, UnorderedListOutlined } from "@ant-design/icons";
import type { MenuEntry, Model } from "../api/types";

/** A page's sign in the navigation, by what kind of page it is. */
export function MenuIcon({ entry, model }: { entry: MenuEntry; model: Model }) {
  if (entry.kind === "dashboard") return <LineChartOutlined aria-hidden />;
  if (entry.kind === "form") return <FormOutlined aria-hidden />;
  return model.views[entry.name]?.show === "board" ? <ProjectOutlined aria-hidden /> : <UnorderedListOutlined aria-hidden />;
}
