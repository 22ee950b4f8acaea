import type { Board, MachineModel, RecordShape, TransitionModel } from "../../api/types";

/** The ways of a machine from one state to another. */
export function waysBetween(machine: MachineModel, from: string, to: string): TransitionModel[] {
  return machine.transitions.filter((way) => way.to === to && (way.from.includes(from) || way.from.includes("*")));
}

/** The board with a card in another column, at its top; counts follow. The board itself stays untouched. */
export function moved(board: Board, record: RecordShape, field: string, to: string): Board {
  const from = String(record.values[field]);
  if (from === to) return board;
  const card: RecordShape = { ...record, values: { ...record.values, [field]: to } };
  return {
    ...board,
    columns: board.columns.map((column) => {
      if (column.state === from) {
        return { ...column, count: column.count - 1, items: column.items.filter((one) => one.id !== record.id) };
      }
      return column.state === to ? { ...column, count: column.count + 1, items: [card, ...column.items] } : column;
    }),
  };
}
