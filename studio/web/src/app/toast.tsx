import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from "react";
import { CheckCircleFilled, CloseOutlined, ExclamationCircleFilled } from "@ant-design/icons";
import { useLanguage } from "../i18n/language";

interface Toast {
  id: number;
  text: string;
  tone: "good" | "bad";
  undo?: () => Promise<void>;
}

interface Toaster {
  say: (text: string, undo?: () => Promise<void>) => void;
  warn: (text: string) => void;
}

const UNDO_TIME = 10_000;
const PLAIN_TIME = 4_000;
const WARN_TIME = 9_000;

const ToasterContext = createContext<Toaster | null>(null);

export function useToast(): Toaster {
  const toaster = useContext(ToasterContext);
  if (!toaster) throw new Error("useToast needs Toasts above it");
  return toaster;
}

/** Short messages at the bottom, read out by screen readers; with an undo they stay ten seconds. */
export function Toasts({ children }: { children: ReactNode }) {
  const { t } = useLanguage();
  const [shown, setShown] = useState<Toast[]>([]);
  const next = useRef(1);

  const drop = useCallback((id: number) => setShown((all) => all.filter((toast) => toast.id !== id)), []);
  const add = useCallback(
    (toast: Omit<Toast, "id">) => {
      const id = next.current;
      next.current += 1;
      setShown((all) => [...all.slice(-2), { ...toast, id }]);
      window.setTimeout(() => drop(id), toast.undo ? UNDO_TIME : toast.tone === "bad" ? WARN_TIME : PLAIN_TIME);
    },
    [drop],
  );
  const toaster = useMemo<Toaster>(
    () => ({
      say: (text, undo) => add({ text, tone: "good", undo }),
      warn: (text) => add({ text, tone: "bad" }),
    }),
    [add],
  );

  return (
    <ToasterContext.Provider value={toaster}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {shown.map((toast) => (
          <div key={toast.id} className={`toast toast-${toast.tone}`}>
            {toast.tone === "good" ? <CheckCircleFilled aria-hidden /> : <ExclamationCircleFilled aria-hidden />}
            <span className="toast-text">{toast.text}</span>
            {toast.undo && (
              <button
                className="toast-undo"
                onClick={() => {
                  drop(toast.id);
                  toast.undo?.().then(() => add({ text: t("app.undone"), tone: "good" }), (error: Error) =>
                    add({ text: error.message, tone: "bad" }),
                  );
                }}
              >
                {t("app.undo")}
              </button>
            )}
            <button className="toast-close" aria-label={t("app.close")} onClick={() => drop(toast.id)}>
              <CloseOutlined aria-hidden />
            </button>
          </div>
        ))}
      </div>
    </ToasterContext.Provider>
  );
}
