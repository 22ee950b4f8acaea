import { Button, Checkbox } from "antd";
import { useState } from "react";

/** Which of the rows that can be picked are picked; a row that went away is picked no more. */
export function usePicked(able: number[]) {
  const [chosen, setChosen] = useState<number[]>([]);
  const picked = chosen.filter((id) => able.includes(id));
  return {
    able,
    picked,
    /** Whether a row is picked; undefined where it cannot be. */
    has: (id: number) => (able.includes(id) ? picked.includes(id) : undefined),
    set: (id: number, on: boolean) => setChosen((all) => (on ? [...all, id] : all.filter((one) => one !== id))),
    setAll: (on: boolean) => setChosen(on ? able : []),
    clear: () => setChosen([]),
  };
}

interface Props {
  picking: ReturnType<typeof usePicked>;
  /** Beside the box that picks all. */
  label: string;
  /** On the button: while nothing is picked, and once something is. */
  none: string;
  many: string;
  busy: boolean;
  onGo: () => void;
}

/** The bar above a list that picks all of it and does one thing with what is picked; nothing where nothing can be picked. */
export function PickBar({ picking, label, none, many, busy, onGo }: Props) {
  const { able, picked, setAll } = picking;
  if (able.length === 0) return null;
  return (
    <div className="runs-many">
      <Checkbox checked={picked.length === able.length} indeterminate={picked.length > 0 && picked.length < able.length} onChange={(event) => setAll(event.target.checked)}>
        {label}
      </Checkbox>
      <Button type="primary" disabled={picked.length === 0} loading={busy} onClick={onGo}>{picked.length > 0 ? many : none}</Button>
    </div>
  );
}
