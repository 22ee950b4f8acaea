import { useEffect, useState } from "react";

/** The value as it was once it has stood still for `wait` milliseconds. */
export function useLater<T>(value: T, wait: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), wait);
    return () => window.clearTimeout(timer);
  }, [value, wait]);
  return settled;
}
