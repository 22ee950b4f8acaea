import { Button, Modal } from "antd";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { asRefusal, byField, general, type Refusal } from "../../api/problem";
import { useOffered, useTransition } from "../../api/queries";
import type { RecordShape, Values, Written } from "../../api/types";
import { recordPath } from "../../app/paths";
import { useSurroundings } from "../../app/session";
import { usePhone } from "../../app/theme";
import { Asked } from "../../fields/Asked";
import { editable, fieldOf } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import { Notes } from "../../widgets/Notes";
import { missingOf, sectionsOf, titlesOf } from "./stepFields";
import "./step.css";

interface Props {
  record: RecordShape;
  name: string;
  label: string;
  /** What the server said when the step was tried without asking. */
  refusal?: Refusal;
  onClose: () => void;
  onDone: (answer: Written) => void;
  /** Somebody else moved the record first. */
  onConflict: (refusal: Refusal) => void;
}

/** What is missing for a step, with the fields to fill in right there; then the step is tried again. */
export function StepDialog({ record, name, label, refusal: first, onClose, onDone, onConflict }: Props) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const phone = usePhone();
  const offered = useOffered(record.entity, record.id);
  const transition = useTransition();
  const [typed, setTyped] = useState<Values>({});
  // Fields changed since the server last spoke: what it said about them may no longer hold.
  const [mended, setMended] = useState<string[]>([]);
  const [refusal, setRefusal] = useState<Refusal | undefined>(first);

  const step = offered.data?.find((one) => one.name === name);
  const entity = model.entities[record.entity];
  const sections = useMemo(
    () => sectionsOf(model, record.entity, step, refusal).map((section) => ({
      ...section,
      fields: section.fields.flatMap((field) => fieldOf(entity, field) ?? []).filter((field) => editable(field)),
    })).filter((section) => section.fields.length > 0),
    [model, record.entity, step, refusal, entity],
  );
  const asked = sections.flatMap((section) => section.fields.map((field) => field.name));
  const beside = refusal ? byField(refusal) : missingOf(step);
  const above = refusal ? general(refusal, asked) : (step?.missing ?? []).filter((one) => !one.field || !asked.includes(one.field)).map((one) => one.message);

  const go = () => {
    transition.mutate(
      { record, name, values: typed },
      {
        onSuccess: onDone,
        onError: (error) => {
          const said = asRefusal(error);
          if (said.conflict) onConflict(said);
          else {
            setRefusal(said);
            setMended([]);
          }
        },
      },
    );
  };

  return (
    <Modal
      open
      title={label}
      onCancel={onClose}
      width={phone ? "100%" : 620}
      className="step-dialog"
      style={{ top: 48 }}
      footer={[
        <Button key="cancel" onClick={onClose}>{t("app.cancel")}</Button>,
        <Button key="go" type="primary" loading={transition.isPending} onClick={go}>{label}</Button>,
      ]}
    >
      <p className="quiet step-on">
        <Link to={recordPath(record.entity, record.id)}>{record.title}</Link>
      </p>
      <Notes tone="bad" lines={above} />
      {sections.length > 0 && (above.length > 0 || Object.keys(beside).length > 0) && <p className="step-lead">{t("step.missing")}</p>}
      {sections.length === 0 && above.length > 0 && <p className="quiet">{t("step.blocked")}</p>}
      <div>
        {sections.map((section) => (
          <fieldset key={section.name} className="ask-section">
            {section.label && <legend>{section.label}</legend>}
            <div className={section.columns && section.columns > 1 ? "ask-grid ask-grid-2" : "ask-grid"}>
              {section.fields.map((field) => (
                <Asked
                  key={field.name}
                  entity={record.entity}
                  field={field}
                  value={field.name in typed ? typed[field.name] : record.values[field.name]}
                  titles={titlesOf(record)}
                  file={record.files?.[field.name]}
                  required={field.name in beside || model.forms[step?.form ?? ""]?.required.includes(field.name)}
                  wrong={mended.includes(field.name) ? undefined : beside[field.name]}
                  onChange={(value) => {
                    setTyped((all) => ({ ...all, [field.name]: value }));
                    setMended((all) => [...all, field.name]);
                  }}
                />
              ))}
            </div>
          </fieldset>
        ))}
      </div>
    </Modal>
  );
}
