import { DeleteOutlined, EllipsisOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Dropdown, Modal } from "antd";
import { useState } from "react";
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
import { Promises } from "../../widgets/Promises";
import { RecordApprovals } from "../approvals/RecordApprovals";
import { StatePath } from "./StatePath";
import { Steps } from "./Steps";

/** Title, state, owner, promises, and the steps that are open now. */
export function RecordHead({ record, entity }: { record: RecordShape; entity: EntityModel }) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const toast = useToast();
  const client = useQueryClient();
  const go = useNavigate();
  const [asking, setAsking] = useState(false);
  const owner = ownerField(entity);
  const machines = entity.machines.flatMap((name) => model.machines[name] ?? []);
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
        {record.can.delete && (
          <Dropdown
            trigger={["click"]}
            menu={{ items: [{ key: "delete", danger: true, icon: <DeleteOutlined aria-hidden />, label: t("record.delete"), onClick: () => setAsking(true) }] }}
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
        <Promises promises={record.promises} all />
      </div>
      {machines.map((machine) => (
        <StatePath key={machine.field} machine={machine} now={String(record.values[machine.field] ?? "")} />
      ))}
      {machines.length > 0 && <Steps record={record} />}
      <RecordApprovals record={record} />
      <Modal open={asking} title={t("record.deleteAsk", { title: record.title })} okText={t("record.delete")} okButtonProps={{ danger: true }} onOk={() => void remove()} onCancel={() => setAsking(false)}>
        <p className="quiet">{t("record.deleteHint")}</p>
      </Modal>
    </header>
  );
}
