import { DownloadOutlined, PlusOutlined, UploadOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useNavigate } from "react-router";
import { address } from "../../api/client";
import type { Asked } from "../../api/queries";
import type { EntityModel } from "../../api/types";
import { pathOf } from "../../app/paths";
import { may, useSurroundings } from "../../app/session";
import { useLanguage } from "../../i18n/language";

interface Props {
  entity: EntityModel;
  asked: Asked;
  form: string | undefined;
}

/** What can be done with a whole list: a new record, export what is shown, import. */
export function ListActions({ entity, asked, form }: Props) {
  const { t } = useLanguage();
  const go = useNavigate();
  return (
    <>
      {entity.can.export && (
        <Dropdown
          trigger={["click"]}
          menu={{
            items: [
              { key: "csv", label: <a href={address(`/export/${entity.name}.csv`, asked)} download>{t("list.exportCsv")}</a> },
              { key: "xlsx", label: <a href={address(`/export/${entity.name}.xlsx`, asked)} download>{t("list.exportXlsx")}</a> },
            ],
          }}
        >
          <Button icon={<DownloadOutlined aria-hidden />} className="only-wide">{t("list.export")}</Button>
        </Dropdown>
      )}
      <ImportWay entity={entity} />
      {form && (
        <Button type="primary" icon={<PlusOutlined aria-hidden />} className="only-wide" onClick={() => void go(pathOf({ kind: "form", name: form }))}>
          {t("app.new")}
        </Button>
      )}
    </>
  );
}

/** The way to the page that takes a file in, only for those who may; `worded` also where there is little room. */
export function ImportWay({ entity, worded = false }: { entity: EntityModel; worded?: boolean }) {
  const { t } = useLanguage();
  const { session } = useSurroundings();
  const go = useNavigate();
  if (!entity.can.create || !may(session, "import")) return null;
  return (
    <Button icon={<UploadOutlined aria-hidden />} aria-label={t("list.import")} onClick={() => void go(`/import/${entity.name}`)}>
      <span className={worded ? undefined : "only-wide"}>{t("list.import")}</span>
    </Button>
  );
}
