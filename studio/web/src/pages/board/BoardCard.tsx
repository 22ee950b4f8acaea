import { MoreOutlined } from "@ant-design/icons";
import { useDraggable } from "@dnd-kit/core";
import type { ReactNode } from "react";
import { Link, useNavigate } from "react-router";
import type { Offered, RecordShape, ViewModel } from "../../api/types";
import { recordPath } from "../../app/paths";
import { useSurroundings } from "../../app/session";
import { FieldText } from "../../fields/FieldText";
import { isEmpty, machineOf } from "../../fields/shape";
import { Promises } from "../../widgets/Promises";
import { MoveMenu } from "./MoveMenu";

interface FaceProps {
  record: RecordShape;
  view: ViewModel;
  field: string;
  lifted?: boolean;
  menu?: ReactNode;
}

/** What a card shows: title, promises, the view's fields, the owner at the foot. */
export function CardFace({ record, view, field, lifted, menu }: FaceProps) {
  const { model } = useSurroundings();
  const fields = view.columns.filter((column) => column.key !== field && !isEmpty(record.values[column.key]) && record.shown[column.key] !== record.title);
  const column = machineOf(model, record.entity, field)?.states.find((state) => state.name === record.values[field]);
  const people = fields.filter((column) => column.type === "user");
  return (
    <article className={lifted ? "board-card board-card-lifted" : "board-card"}>
      <div className="board-card-head">
        <Link to={recordPath(record.entity, record.id)} draggable={false}>{record.title}</Link>
        {menu}
      </div>
      <Promises promises={record.promises} under={column?.label} />
      <div className="board-card-fields">
        {fields.filter((column) => !people.includes(column)).map((column) => (
          <span key={column.key} className={column.type === "choice" ? "chip" : "board-card-line clip"} title={column.label}>
            <FieldText record={record} name={column.key} type={column.type} plain />
          </span>
        ))}
      </div>
      {people.map((column) => (
        <span key={column.key} className="small quiet"><FieldText record={record} name={column.key} type={column.type} plain /></span>
      ))}
    </article>
  );
}

interface CardProps {
  record: RecordShape;
  view: ViewModel;
  field: string;
  onStep: (record: RecordShape, step: Offered) => void;
}

export function BoardCard({ record, view, field, onStep }: CardProps) {
  const go = useNavigate();
  const { setNodeRef, attributes, listeners, isDragging } = useDraggable({ id: record.id, data: { record }, disabled: !record.can.update });
  return (
    <div
      ref={setNodeRef}
      className={isDragging ? "board-slot board-slot-empty" : "board-slot"}
      {...attributes}
      {...listeners}
      role="group"
      aria-label={record.title}
      onClick={(event) => !(event.target as HTMLElement).closest("a, button, .ant-dropdown") && void go(recordPath(record.entity, record.id))}
    >
      <CardFace
        record={record}
        view={view}
        field={field}
        menu={<MoveMenu record={record} icon={<MoreOutlined aria-hidden />} onStep={(step) => onStep(record, step)} />}
      />
    </div>
  );
}
