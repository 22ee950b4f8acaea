import { useEffect, useState } from "react";

/** The present, in milliseconds, anew every `pace` milliseconds. */
export function useNow(pace: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), pace);
    return () => window.clearInterval(timer);
  }, [pace]);
  return now;
}
