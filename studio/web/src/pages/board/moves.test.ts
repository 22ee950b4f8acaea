import { expect, it } from "vitest";
import type { Board, MachineModel, RecordShape } from "../../api/types";
import { moved, waysBetween } from "./moves";

const card = { id: 7, version: 1, entity: "lead", title: "锐视光学", values: { stage: "new" } } as unknown as RecordShape;
const board: Board = {
  columns: [
    { state: "new", label: "待首通", count: 3, items: [card], next: null },
    { state: "called", label: "已首通", count: 1, items: [], next: null },
  ],
};

it("moves a card and its count, and leaves the old board as it was", () => {
  const after = moved(board, card, "stage", "called");
  expect(after.columns.map((column) => [column.count, column.items.length])).toEqual([[2, 0], [2, 1]]);
  expect(after.columns[1]?.items[0]?.values.stage).toBe("called");
  expect(board.columns[0]?.items).toHaveLength(1);
});

it("finds the ways between two states, also those from anywhere", () => {
  const machine = {
    transitions: [
      { name: "call", label: "", from: ["new"], to: "called" },
      { name: "lose", label: "", from: ["*"], to: "lost" },
    ],
  } as unknown as MachineModel;
  expect(waysBetween(machine, "new", "called").map((way) => way.name)).toEqual(["call"]);
  expect(waysBetween(machine, "called", "lost").map((way) => way.name)).toEqual(["lose"]);
  expect(waysBetween(machine, "called", "new")).toEqual([]);
});
