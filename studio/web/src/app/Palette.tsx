import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { Modal } from "antd";
import { useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useNavigate } from "react-router";
import { api } from "../api/client";
import type { RecordPage } from "../api/types";
import { useLanguage } from "../i18n/language";
import { useLater } from "../widgets/later";
import { pathOf, recordPath } from "./paths";
import { usePlaces } from "./places";
import { useSurroundings } from "./session";
import "./palette.css";

interface Way {
  group: string;
  label: string;
  side?: string;
  to: string;
}

const MOST_ENTITIES = 4;

/** Ctrl-K: pages, forms and records in one box, by name, pinyin or digits (the server does the finding). */
export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const { model } = useSurroundings();
  const places = usePlaces();
  const go = useNavigate();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const q = useLater(typed.trim(), 160);
  const list = useRef<HTMLUListElement>(null);

  const searched = useMemo(() => {
    const shown = new Set(model.menu.map((entry) => model.views[entry.name]?.entity).filter((name) => name !== undefined));
    return [...shown].slice(0, MOST_ENTITIES);
  }, [model]);

  const answers = useQueries({
    queries: searched.map((entity) => ({
      queryKey: ["search", entity, q],
      enabled: q.length > 0,
      placeholderData: keepPreviousData,
      queryFn: ({ signal }: { signal: AbortSignal }) => api.get<RecordPage>(`/records/${entity}`, { q, limit: 6 }, signal),
    })),
  });

  const ways = useMemo<Way[]>(() => {
    const like = (label: string) => label.toLowerCase().includes(typed.trim().toLowerCase());
    const pages: Way[] = model.menu
      .filter((entry) => like(entry.label))
      .map((entry) => ({ group: entry.kind === "form" ? t("palette.actions") : t("palette.pages"), label: entry.label, to: pathOf(entry) }));
    pages.push(...places.filter((place) => like(place.label)).map((place) => ({ group: t("palette.pages"), label: place.label, to: place.to })));
    const records: Way[] = q
      ? answers.flatMap((answer, index) =>
          (answer.data?.items ?? []).map((record) => ({
            group: t("palette.records"),
            label: record.title,
            side: model.entities[searched[index] ?? ""]?.label,
            to: recordPath(record.entity, record.id),
          })),
        )
      : [];
    return [...records, ...pages.sort((a, b) => a.group.localeCompare(b.group))];
  }, [answers, model, places, q, searched, t, typed]);

  const choose = (way: Way | undefined) => {
    if (!way) return;
    onClose();
    void go(way.to);
  };
  const move = (step: number) => {
    const next = (at + step + ways.length) % Math.max(1, ways.length);
    setAt(next);
    list.current?.querySelector(`#way-${next}`)?.scrollIntoView({ block: "nearest" });
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter") choose(ways[at]);
    else return;
    event.preventDefault();
  };

  return (
    <Modal open onCancel={onClose} footer={null} closable={false} title={null} width={560} className="palette" style={{ top: 72 }} aria-label={t("palette.title")}>
      <input
        autoFocus
        className="palette-box"
        role="combobox"
        aria-expanded
        aria-controls="ways"
        aria-activedescendant={ways.length ? `way-${at}` : undefined}
        aria-label={t("palette.title")}
        placeholder={t("palette.placeholder")}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={keyed}
      />
      <ul id="ways" role="listbox" aria-label={t("palette.title")} ref={list} className="palette-ways">
        {ways.map((way, index) => (
          <li
            key={`${way.to}:${index}`}
            id={`way-${index}`}
            role="option"
            aria-selected={index === at}
            data-group={way.group !== ways[index - 1]?.group ? way.group : undefined}
            onMouseMove={() => setAt(index)}
            onClick={() => choose(way)}
          >
            <span className="clip">{way.label}</span>
            {way.side && <span className="quiet small">{way.side}</span>}
          </li>
        ))}
      </ul>
      {ways.length === 0 && <p className="palette-none">{t("palette.none", { q: typed })}</p>}
      <p className="palette-keys">{t("palette.keys")}</p>
    </Modal>
  );
}
