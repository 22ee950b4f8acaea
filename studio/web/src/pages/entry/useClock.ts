import { useEffect, useRef, useState } from "react";

/** Seconds from the first thing typed until stopped; zero before. */
export function useClock() {
  const began = useRef<number | null>(null);
  const [seconds, setSeconds] = useState(0);

  useEffect(() => {
    const timer = window.setInterval(() => {
      if (began.current !== null) setSeconds(Math.floor((Date.now() - began.current) / 1000));
    }, 1000);
    return () => window.clearInterval(timer);
  }, []);

  return {
    seconds,
    start: () => {
      began.current ??= Date.now();
    },
    /** The whole time in seconds, at least one; the clock is back at zero. */
    stop: () => {
      const took = began.current === null ? 0 : Math.max(1, Math.round((Date.now() - began.current) / 1000));
      began.current = null;
      setSeconds(0);
      return took;
    },
  };
}
