import { DndContext, DragOverlay, KeyboardSensor, PointerSensor, TouchSensor, useSensor, useSensors, type DragEndEvent, type DragStartEvent } from "@dnd-kit/core";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { boardKey, useBoard } from "../../api/queries";
import type { Board, EntityModel, RecordShape, ViewModel } from "../../api/types";
import { useSurroundings } from "../../app/session";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { NotFound } from "../../widgets/NotFound";
import { PageHead } from "../../widgets/PageHead";
import { Splash } from "../../widgets/Splash";
import { entryForms } from "../entry/forms";
import { askedOf } from "../list/asked";
import { Filters } from "../list/Filters";
import { ListActions } from "../list/ListActions";
import { SearchBox } from "../list/SearchBox";
import { ViewSwitch } from "../list/ViewSwitch";
import { useSteps } from "../step/useSteps";
import { BoardColumnView } from "./BoardColumnView";
import { CardFace } from "./BoardCard";
import { ColumnTabs } from "./ColumnTabs";
import { moved, waysBetween } from "./moves";
import { useDragWords } from "./dragWords";
import "../list/list.css";
import "./board.css";

/** A card with its state, which the view's own columns may leave out. */
const standing = (record: RecordShape, field: string, state: string): RecordShape =>
  record.values[field] === state ? record : { ...record, values: { ...record.values, [field]: state } };

interface Props {
  name: string;
  view: ViewModel;
  entity: EntityModel;
}

/** Records as cards in the columns of their states. A drag is a transition; so is the card's menu. */
export default function BoardPage({ name, view, entity }: Props) {
  const { t, language } = useLanguage();
  const { model } = useSurroundings();
  const toast = useToast();
  const client = useQueryClient();
  const [search, setSearch] = useSearchParams();
  const [held, setHeld] = useState<RecordShape | null>(null);
  const [heard, setHeard] = useState("");

  const machine = entity.machines.map((one) => model.machines[one]).find((one) => !view.group || one?.field === view.group);
  const { view: _view, ...asked } = askedOf(undefined, search);
  const board = useBoard(name, asked, held !== null);
  const key = boardKey(language, name, asked);
  const labelOf = useCallback((state: string) => machine?.states.find((one) => one.name === state)?.label ?? state, [machine]);
  const field = machine?.field ?? "";

  const steps = useSteps({
    onDone: (record) => {
      const words = t("board.moved", { title: record.title, state: labelOf(String(record.values[field])) });
      setHeard(words);
      toast.say(words);
    },
    onReturned: (record) => {
      setHeard(t("board.returned", { title: record.title, state: labelOf(String(record.values[field])) }));
      void client.invalidateQueries({ queryKey: key });
    },
  });

  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 220, tolerance: 8 } }),
    useSensor(KeyboardSensor),
  );
  const words = useDragWords(board.data, labelOf);
  const columns = useMemo(
    () => (board.data?.columns ?? []).map((column) => ({ ...column, items: column.items.map((record) => standing(record, field, column.state)) })),
    [board.data, field],
  );

  if (!machine) return <NotFound />;

  const start = (event: DragStartEvent) => {
    setHeld((event.active.data.current?.record as RecordShape | undefined) ?? null);
  };

  const drop = (event: DragEndEvent) => {
    const record = held;
    setHeld(null);
    const to = event.over ? String(event.over.id) : "";
    const from = String(record?.values[field] ?? "");
    if (!record || !to || to === from) return;
    const ways = waysBetween(machine, from, to);
    const [only] = ways;
    if (!only) return toast.warn(t("board.notAllowed", { title: record.title, from: labelOf(from), to: labelOf(to) }));
    if (ways.length > 1) return steps.choose(record, ways, labelOf(to));
    client.setQueryData<Board>(key, (now) => now && moved(now, record, field, to));
    steps.take(record, only);
  };

  return (
    <div className="board-page">
      <PageHead title={view.label}>
        <ViewSwitch entity={entity} current={name} />
        <ListActions entity={entity} asked={{ view: name, ...asked }} form={entryForms(model, entity.name)[0]} />
      </PageHead>
      <div className="list-tools">
        <SearchBox
          label={view.label}
          value={search.get("q") ?? ""}
          onChange={(q) =>
            setSearch((now) => {
              const next = new URLSearchParams(now);
              if (q) next.set("q", q);
              else next.delete("q");
              return next;
            }, { replace: true })
          }
        />
        <Filters entity={entity} search={search} onChange={(next) => setSearch(next, { replace: true })} />
      </div>
      {board.isError ? (
        <Failure error={board.error} onRetry={() => void board.refetch()} />
      ) : board.isPending ? (
        <Splash inPage />
      ) : (
        <>
          <ColumnTabs columns={columns} />
          <DndContext sensors={sensors} accessibility={words} onDragStart={start} onDragEnd={drop} onDragCancel={() => setHeld(null)}>
            <div className="board">
              {columns.map((column) => (
                <BoardColumnView
                  key={column.state}
                  column={column}
                  view={view}
                  viewName={name}
                  asked={asked}
                  field={field}
                  held={held}
                  reachable={held === null || column.state === held.values[field] || waysBetween(machine, String(held.values[field]), column.state).length > 0}
                  onStep={(record, step) => (step.missing.length > 0 ? steps.ask(record, step) : steps.take(record, step))}
                />
              ))}
            </div>
            <DragOverlay dropAnimation={null}>{held && <CardFace record={held} view={view} field={field} lifted />}</DragOverlay>
          </DndContext>
        </>
      )}
      <div className="unseen" role="status" aria-live="assertive">{heard}</div>
      {steps.dialogs}
    </div>
  );
}
