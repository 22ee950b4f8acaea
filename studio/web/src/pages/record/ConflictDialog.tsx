import { Modal, Radio } from "antd";
import { useState } from "react";
import type { EntityModel, RecordShape, Values } from "../../api/types";
import { FieldText } from "../../fields/FieldText";
import { fieldOf, isEmpty } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import { contested, type Draft } from "./draft";

interface Props {
  entity: EntityModel;
  draft: Draft;
  mine: RecordShape;
  theirs: RecordShape;
  onClose: () => void;
  onChosen: (values: Values) => void;
}

/** Two people changed the same fields: both values side by side, one choice each. Nothing is lost unseen. */
export function ConflictDialog({ entity, draft, mine, theirs, onClose, onChosen }: Props) {
  const { t } = useLanguage();
  const fields = contested(draft, theirs);
  const [choice, setChoice] = useState<Record<string, "mine" | "theirs">>({});
  const typed: RecordShape = { ...mine, values: draft.values, shown: {}, links: {} };

  const done = () => {
    const kept = Object.entries(draft.values).filter(([field]) => choice[field] !== "theirs");
    onChosen(Object.fromEntries(kept));
  };

  const shown = (record: RecordShape, name: string, type: string) =>
    isEmpty(record.values[name]) ? t("record.empty") : <FieldText record={record} name={name} type={type} plain />;

  return (
    <Modal open title={t("record.conflict")} onCancel={onClose} onOk={done} okText={t("app.save")} cancelText={t("app.cancel")}>
      <p>{t("record.conflictHint")}</p>
      {fields.map((name) => {
        const field = fieldOf(entity, name);
        if (!field) return null;
        return (
          <div key={name} className="contested">
            <strong>{field.label}</strong>
            <Radio.Group
              value={choice[name] ?? "mine"}
              onChange={(event) => setChoice((all) => ({ ...all, [name]: event.target.value as "mine" | "theirs" }))}
              options={[
                { value: "mine", label: <>{t("say.colon", { a: t("record.mine"), b: "" })}{shown(typed, name, field.type)}</> },
                { value: "theirs", label: <>{t("say.colon", { a: t("record.theirs"), b: "" })}{shown(theirs, name, field.type)}</> },
              ]}
            />
          </div>
        );
      })}
    </Modal>
  );
}
