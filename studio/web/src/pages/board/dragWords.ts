import type { Announcements, ScreenReaderInstructions } from "@dnd-kit/core";
import { useMemo } from "react";
import type { Board } from "../../api/types";
import { useLanguage } from "../../i18n/language";

/** What screen readers hear while a card is carried. */
export function useDragWords(board: Board | undefined, labelOf: (state: string) => string) {
  const { t } = useLanguage();
  return useMemo(() => {
    const titleOf = (id: unknown) =>
      board?.columns.flatMap((column) => column.items).find((record) => record.id === Number(id))?.title ?? "";
    const announcements: Announcements = {
      onDragStart: ({ active }) => t("board.picked", { title: titleOf(active.id) }),
      onDragOver: ({ over }) => (over ? t("board.over", { state: labelOf(String(over.id)) }) : undefined),
      onDragEnd: ({ over }) => (over ? t("board.dropped", { state: labelOf(String(over.id)) }) : t("board.cancelled")),
      onDragCancel: () => t("board.cancelled"),
    };
    const screenReaderInstructions: ScreenReaderInstructions = { draggable: t("board.drag") };
    return { announcements, screenReaderInstructions };
  }, [board, labelOf, t]);
}
