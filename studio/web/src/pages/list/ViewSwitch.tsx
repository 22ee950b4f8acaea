import { Select } from "antd";
import { useNavigate } from "react-router";
import type { EntityModel } from "../../api/types";
import { useSurroundings } from "../../app/session";
import { useLanguage } from "../../i18n/language";

/** The saved views over the same records. */
export function ViewSwitch({ entity, current }: { entity: EntityModel; current: string | undefined }) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const go = useNavigate();
  const views = entity.views.filter((name) => model.views[name]);
  if (views.length < 2) return null;
  return (
    <Select
      aria-label={t("list.view")}
      value={current}
      placeholder={entity.label}
      popupMatchSelectWidth={false}
      options={views.map((name) => ({ value: name, label: model.views[name]?.label }))}
      onChange={(name) => void go(`/views/${name}`)}
    />
  );
}
