import { useEffect, type ReactNode } from "react";

interface Props {
  title: string;
  note?: ReactNode;
  children?: ReactNode;
}

/** The head of a page: its name (also the browser tab's), a short note, and what can be done. */
export function PageHead({ title, note, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Flowloom`;
  }, [title]);
  return (
    <header className="page-head">
      <h1>{title}</h1>
      {note && <span className="page-note">{note}</span>}
      {children && <div className="page-ways">{children}</div>}
    </header>
  );
}
