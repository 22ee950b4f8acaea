import { useEffect, useRef, useState } from "react";

/** Whether more of a box lies hidden at its right; the frame shows a shadow there. */
export function useMore<T extends HTMLElement>() {
  const frame = useRef<T>(null);
  const [more, setMore] = useState(false);
  useEffect(() => {
    const box = frame.current;
    if (!box) return;
    const look = () => setMore(box.scrollWidth - box.clientWidth - box.scrollLeft > 4);
    look();
    const watch = new ResizeObserver(look);
    watch.observe(box);
    if (box.firstElementChild) watch.observe(box.firstElementChild);
    box.addEventListener("scroll", look, { passive: true });
    return () => {
      watch.disconnect();
      box.removeEventListener("scroll", look);
    };
  }, []);
  return { frame, more };
}
