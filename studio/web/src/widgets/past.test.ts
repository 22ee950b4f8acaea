import { describe, expect, it } from "vitest";
import type { MachineModel } from "../api/types";
import { withPast } from "./past";

const loop = { field: "stage", states: [{ name: "new" }, { name: "called" }, { name: "lost", final: true }] } as unknown as MachineModel;
const broken = ["loop.new", "assigned"].map((name) => ({ name, label: name, due: null, state: "broken" }));
const states = (stage: string) => withPast(broken, { loop }, { stage }).map((one) => one.state);

describe("promises that were broken", () => {
  it("stay so while the record is where it should have left", () => expect(states("new")).toEqual(["broken", "broken"]));
  it("are over once it has left", () => expect(states("called")).toEqual(["late", "broken"]));
  it("are all over at the end", () => expect(states("lost")).toEqual(["late", "late"]));
});
