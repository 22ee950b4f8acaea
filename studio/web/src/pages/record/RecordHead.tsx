import { DeleteOutlined, EllipsisOutlined, MergeOutlined, PhoneOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Dropdown, Modal } from "antd";
import { lazy, Suspense, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api } from "../../api/client";
import { asRefusal } from "../../api/problem";
import type { EntityModel, RecordShape } from "../../api/types";
import { refreshLive } from "../../app/live";
import { useSurroundings } from "../../app/session";
import { useToast } from "../../app/toast";
import { FieldText } from "../../fields/FieldText";
import { isEmpty, ownerField } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import { PageHead } from "../../widgets/PageHead";
import { withPast } from "../../widgets/past";
import { Promises } from "../../widgets/Promises";
import { RecordApprovals } from "../approvals/RecordApprovals";
import { StatePath } from "./StatePath";
import { Steps } from "./Steps";

const MergeDialog = lazy(() => import("../merge/MergeDialog").then((one) => ({ default: one.MergeDialog })));

/** Title, state, owner, promises, and the steps that are open now. */
export function RecordHead({ record, entity }: { record: RecordShape; entity: EntityModel }) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const toast = useToast();
  const client = useQueryClient();
  const go = useNavigate();
  const [asking, setAsking] = useState(false);
  const [merging, setMerging] = useState(false);
  const call = entity.fields.find((field) => field.type === "phone" && !isEmpty(record.values[field.name]))?.name;
  const owner = ownerField(entity);
  const loops = Object.fromEntries(Object.entries(model.machines).filter(([name]) => entity.machines.includes(name)));
  const machines = Object.values(loops);
  const list = entity.views.find((name) => model.views[name]);

  const remove = async () => {
    setAsking(false);
    try {
      await api.remove(`/records/${record.entity}/${record.id}`, record.version);
    } catch (error) {
      return toast.warn(asRefusal(error).message);
    }
    toast.say(t("record.deleted", { title: record.title }), async () => {
      await api.post(`/records/${record.entity}/${record.id}/restore`);
      await refreshLive(client);
    });
    void go(list ? `/views/${list}` : `/entities/${entity.name}`);
    await refreshLive(client);
  };

  return (
    <header className="record-head">
      <Link className="small" to={list ? `/views/${list}` : `/entities/${entity.name}`}>{entity.label}</Link>
      <PageHead title={record.title}>
        {call && (
          <a className="record-call" href={`tel:${String(record.values[call])}`} aria-label={t("list.call", { title: record.title })}>
            <PhoneOutlined aria-hidden />
          </a>
        )}
        {(record.can.update || record.can.delete) && (
          <Dropdown
            trigger={["click"]}
            menu={{
              items: [
                ...(record.can.update ? [{ key: "merge", icon: <MergeOutlined aria-hidden />, label: t("merge.open"), onClick: () => setMerging(true) }] : []),
                ...(record.can.delete ? [{ key: "delete", danger: true, icon: <DeleteOutlined aria-hidden />, label: t("record.delete"), onClick: () => setAsking(true) }] : []),
              ],
            }}
          >
            <Button aria-label={t("app.more")} icon={<EllipsisOutlined aria-hidden />} />
          </Dropdown>
        )}
      </PageHead>
      <div className="record-standing">
        {owner && (
          <span className="record-owner">
            <span className="quiet">{owner.label}</span>{" "}
            {isEmpty(record.values[owner.name]) ? t("record.noOwner") : <FieldText record={record} name={owner.name} type="user" />}
          </span>
        )}
        <Promises promises={withPast(record.promises, loops, record.values)} all />
      </div>
      {machines.map((machine) => (
        <StatePath key={machine.field} machine={machine} now={String(record.values[machine.field] ?? "")} />
      ))}
      {machines.length > 0 && <Steps record={record} />}
      <RecordApprovals record={record} />
      {merging && <Suspense><MergeDialog record={record} entity={entity} onClose={() => setMerging(false)} /></Suspense>}
      <Modal open={asking} title={t("record.deleteAsk", { title: record.title })} okText={t("record.delete")} okButtonProps={{ danger: true }} onOk={() => void remove()} onCancel={() => setAsking(false)}>
        <p className="quiet">{t("record.deleteHint")}</p>
      </Modal>
    </header>
  );
}
