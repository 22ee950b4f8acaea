import { CheckOutlined, PaperClipOutlined, PhoneOutlined } from "@ant-design/icons";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Json, RecordShape } from "../api/types";
import { recordPath } from "../app/paths";
import { useSay, useSurroundings } from "../app/session";
import { number, phone } from "../format/amount";
import { useLanguage } from "../i18n/language";
import { FileRow } from "./FileRow";
import { Face } from "../widgets/Face";
import { StateTag } from "../widgets/StateTag";
import { isEmpty, machineOf } from "./shape";
import "./fields.css";

interface Props {
  record: RecordShape;
  name: string;
  type: string;
  /** In tables and on cards: one line, no links of its own. */
  plain?: boolean;
}

/** A value as people read it. Nothing at all for an empty one. */
export function FieldText({ record, name, type, plain = false }: Props): ReactNode {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const say = useSay();
  const value: Json | undefined = record.values[name];
  if (isEmpty(value)) return null;
  const link = record.links[name];
  const shown = record.shown[name] || link?.title || (link ? `#${link.id}` : String(value));

  switch (type) {
    case "state": {
      const state = machineOf(model, record.entity, name)?.states.find((one) => one.name === value);
      return <StateTag label={state?.label ?? shown} color={state?.color} />;
    }
    case "datetime":
      return <time dateTime={String(value)} title={say.fully(String(value))}>{say.instant(String(value))}</time>;
    case "date":
      return <time dateTime={String(value)} title={String(value)}>{say.day(String(value))}</time>;
    case "money":
      return say.money(value);
    case "number":
    case "integer":
    case "score":
      // What an expression computed, such as days since, says no more with a second decimal.
      return typeof value === "number" ? number(value, name.startsWith("=") ? 1 : 2) : shown;
    case "yes_no":
      return value === true ? <span><CheckOutlined className="field-yes" aria-hidden /> {t("field.yes")}</span> : t("field.no");
    case "phone":
      return plain ? phone(String(value)) : (
        <a href={`tel:${String(value)}`} className="field-phone">
          <PhoneOutlined aria-hidden /> {phone(String(value))}
        </a>
      );
    case "email":
      return plain ? shown : <a href={`mailto:${String(value)}`}>{shown}</a>;
    case "url":
      return plain ? shown : <a href={String(value)} target="_blank" rel="noreferrer">{shown}</a>;
    case "user":
      return <span className="field-person"><Face name={shown} small /> {shown}</span>;
    case "link":
      return link?.title && !plain ? <Link to={recordPath(link.entity, link.id)}>{shown}</Link> : shown;
    case "list":
    case "choices":
      return plain ? shown : (
        <span className="field-chips">
          {(Array.isArray(value) ? value : [value]).map((one, at) => (
            <span key={at} className="chip">{type === "list" ? String(one) : (shown.split(/[、,] ?/)[at] ?? String(one))}</span>
          ))}
        </span>
      );
    case "file":
    case "image": {
      const file = record.files?.[name];
      if (plain) return <span className="field-file"><PaperClipOutlined aria-hidden /> {file?.name ?? t("file.one")}</span>;
      return <FileRow id={String(value)} name={file?.name ?? t("file.one")} size={file?.size} type={file?.type ?? (type === "image" ? "image/*" : undefined)} />;
    }
    case "long_text":
      return plain ? shown : <span className="field-long">{shown}</span>;
    default:
      return shown;
  }
}
