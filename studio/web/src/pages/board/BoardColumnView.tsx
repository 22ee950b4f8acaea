import { useDroppable } from "@dnd-kit/core";
import { Button } from "antd";
import { useEffect, useState } from "react";
import { api } from "../../api/client";
import type { Asked } from "../../api/queries";
import type { Board, BoardColumn, Offered, RecordShape, ViewModel } from "../../api/types";
import { useLanguage } from "../../i18n/language";
import { toneOf } from "../../widgets/StateTag";
import { BoardCard } from "./BoardCard";

interface Props {
  column: BoardColumn;
  view: ViewModel;
  viewName: string;
  asked: Asked;
  field: string;
  held: RecordShape | null;
  reachable: boolean;
  onStep: (record: RecordShape, step: Offered) => void;
}

/** One state's cards. Further pages are fetched for this column alone. */
export function BoardColumnView({ column, view, viewName, asked, field, held, reachable, onStep }: Props) {
  const { t } = useLanguage();
  const { setNodeRef, isOver } = useDroppable({ id: column.state, disabled: !reachable });
  const [further, setFurther] = useState<RecordShape[]>([]);
  const [next, setNext] = useState(column.next);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    setFurther([]);
    setNext(column.next);
  }, [column.items, column.next]);

  const more = async () => {
    setBusy(true);
    try {
      const answer = await api.get<Board>(`/boards/${viewName}`, { ...asked, lane: column.state, cursor: next });
      const found = answer.columns.find((one) => one.state === column.state);
      setFurther((all) => [...all, ...(found?.items ?? [])]);
      setNext(found?.next ?? null);
    } finally {
      setBusy(false);
    }
  };

  const cards = [...column.items, ...further];
  const left = column.count - cards.length;
  const look = ["column", isOver ? "column-over" : "", held && !reachable ? "column-closed" : ""].join(" ");
  return (
    <section ref={setNodeRef} id={`column-${column.state}`} className={look} aria-label={column.label} style={{ "--tone": toneOf(column.color) } as React.CSSProperties}>
      <h2>
        {column.label}
        <span className="quiet" aria-label={t("board.cards", { n: column.count })}>{column.count}</span>
      </h2>
      <div className="column-cards">
        {cards.map((record) => (
          <BoardCard key={record.id} record={record} view={view} field={field} onStep={onStep} />
        ))}
        {cards.length === 0 && <p className="column-empty">{t("board.empty")}</p>}
        {next && left > 0 && (
          <Button type="text" block loading={busy} onClick={() => void more()}>
            {t("board.more", { n: left })}
          </Button>
        )}
      </div>
    </section>
  );
}
