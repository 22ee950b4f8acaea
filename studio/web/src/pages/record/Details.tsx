import { RightOutlined } from "@ant-design/icons";
import { useMemo, useState } from "react";
import type { EntityModel, Json, RecordShape } from "../../api/types";
import { useSurroundings } from "../../app/session";
import { editable, isEmpty, systemFields } from "../../fields/shape";
import { useLanguage } from "../../i18n/language";
import type { Draft } from "./draft";
import { FieldRow } from "./FieldRow";
import { recordSections } from "./sections";

interface Props {
  record: RecordShape;
  entity: EntityModel;
  draft: Draft | null;
  onChange: (field: string, value: Json) => void;
}

/** All fields in sections; sections where nothing is filled in yet start closed. */
export function Details({ record, entity, draft, onChange }: Props) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const sections = useMemo(() => recordSections(model, entity, { other: t("record.other"), system: t("record.system"), fields: systemFields(t) }), [model, entity, t]);
  const [turned, setTurned] = useState<Record<string, boolean>>({});

  return (
    <>
      {sections.map((section, at) => {
        const shown = section.fields.filter((field) => editable(field, record) || !isEmpty(record.values[field.name]));
        if (shown.length === 0) return null;
        const filled = section.fields.filter((field) => !isEmpty(record.values[field.name])).length;
        const touched = section.fields.some((field) => draft && field.name in draft.values);
        const open = turned[section.name] ?? (at === 0 || touched || (filled > 0 && section.name !== "system"));
        return (
          <section key={section.name} className="details">
            {section.label && (
              <h2>
                <button className="details-turn" aria-expanded={open} onClick={() => setTurned((all) => ({ ...all, [section.name]: !open }))}>
                  <RightOutlined aria-hidden rotate={open ? 90 : 0} />
                  {section.label}
                  <span className="quiet small">{filled}/{shown.length}</span>
                </button>
              </h2>
            )}
            {open && (
              <dl className="details-fields">
                {shown.map((field) => (
                  <FieldRow
                    key={field.name}
                    record={record}
                    field={field}
                    draft={draft}
                    onChange={(value) => onChange(field.name, value)}
                  />
                ))}
              </dl>
            )}
          </section>
        );
      })}
    </>
  );
}
