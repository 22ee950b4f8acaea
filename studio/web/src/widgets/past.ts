import type { MachineModel, Promised } from "../api/types";

/** Promises as they are to be read beside the record's state: one that was broken in a state the record has left, or on a
 *  record that has come to its end, is over. No clock runs there any more, so it is told without one. */
export function withPast(promises: Promised[], machines: Record<string, MachineModel>, values: Record<string, unknown>): Promised[] {
  const known = Object.entries(machines);
  const ended = known.some(([, machine]) => machine.states.some((state) => state.final && state.name === values[machine.field]));
  const left = (name: string) =>
    known.some(([loop, machine]) => name.startsWith(`${loop}.`) && name !== `${loop}.${String(values[machine.field])}`);
  return promises.map((one) => (one.state === "broken" && (ended || left(one.name)) ? { ...one, state: "late" } : one));
}
