import type { MachineModel } from "../../api/types";
import { StateTag, toneOf } from "../../widgets/StateTag";

/** The states in their order with the present one marked; ends show only when reached, or as the goal. */
export function StatePath({ machine, now }: { machine: MachineModel; now: string }) {
  const goal = machine.states.find((state) => state.final);
  const path = machine.states.filter((state) => !state.final || state === goal);
  const at = path.findIndex((state) => state.name === now);
  const current = machine.states.find((state) => state.name === now);
  if (at < 0) return current ? <p className="path-out"><StateTag label={current.label} color={current.color} /></p> : null;
  return (
    <ol className="path" aria-label={machine.label}>
      {path.map((state, index) => (
        <li
          key={state.name}
          className={index < at ? "path-past" : index === at ? "path-now" : "path-next"}
          aria-current={index === at ? "step" : undefined}
          style={{ "--tone": toneOf(state.color) } as React.CSSProperties}
        >
          <span>{state.label}</span>
        </li>
      ))}
    </ol>
  );
}
