import { EditOutlined } from "@ant-design/icons";
import { useEffect, useId, useRef, useState } from "react";
import type { FieldModel, Json, RecordShape } from "../../api/types";
import { FieldInput } from "../../fields/FieldInput";
import { FieldText } from "../../fields/FieldText";
import { editable, isEmpty } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import { titlesOf } from "../step/stepFields";
import type { Draft } from "./draft";

interface Props {
  record: RecordShape;
  field: FieldModel;
  draft: Draft | null;
  onChange: (value: Json) => void;
}

const LONG = ["long_text", "address", "list"];
/** Fields whose input is the way to see them, too. */
const OPEN = ["file", "image"];

/** One field: its value; pressed, its input. A changed field stays open and says that it is not saved. */
export function FieldRow({ record, field, draft, onChange }: Props) {
  const { t } = useLanguage();
  const id = useId();
  const touched = draft !== null && field.name in draft.values;
  const [opened, setOpened] = useState(false);
  const editor = useRef<HTMLDivElement>(null);
  const was = useRef(touched);
  const editing = opened || touched || (OPEN.includes(field.type) && editable(field, record));

  useEffect(() => {
    // Saved or discarded: back to plain text.
    if (was.current && !touched) setOpened(false);
    was.current = touched;
  }, [touched]);

  const left = () => {
    window.setTimeout(() => {
      const within = editor.current?.contains(document.activeElement) || document.activeElement?.closest(".ant-picker-dropdown, .ant-select-dropdown");
      if (!within && !touched) setOpened(false);
    }, 150);
  };

  const empty = isEmpty(record.values[field.name]);
  return (
    <div className={LONG.includes(field.type) ? "field-row field-row-long" : "field-row"} data-field={field.name}>
      <dt>
        <label htmlFor={editing ? id : undefined}>{field.label}</label>
        {touched && <span className="field-unsaved">{t("record.unsaved")}</span>}
      </dt>
      <dd>
        {editing ? (
          <div ref={editor} onBlur={left} onKeyDown={(event) => event.key === "Escape" && !touched && setOpened(false)}>
            <FieldInput
              id={id}
              autoFocus={opened}
              entity={record.entity}
              field={field}
              value={touched ? draft.values[field.name] : record.values[field.name]}
              titles={titlesOf(record)}
              file={record.files?.[field.name]}
              onChange={onChange}
            />
            {field.help && <p className="asked-help">{field.help}</p>}
          </div>
        ) : (
          <>
            <span className="field-value">
              {empty ? <span className="quiet">—<span className="unseen">{t("record.empty")}</span></span> : <FieldText record={record} name={field.name} type={field.type} />}
            </span>
            {editable(field, record) && (
              <button className="field-edit" aria-label={t("record.edit", { label: field.label })} onClick={() => setOpened(true)}>
                <EditOutlined aria-hidden />
              </button>
            )}
          </>
        )}
      </dd>
    </div>
  );
}
