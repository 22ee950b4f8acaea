import { Dropdown } from "antd";
import { useState, type ReactNode } from "react";
import { useOffered } from "../../api/queries";
import type { Offered, RecordShape } from "../../api/types";
import { useLanguage } from "../../i18n/language";

/** The keys by which a card is lifted; on the menu they mean the menu. */
const LIFTING = [" ", "Enter"];

interface Props {
  record: RecordShape;
  icon: ReactNode;
  onStep: (step: Offered) => void;
}

/** "Move to…": every step with where it leads and what is still missing; asked for when opened. */
export function MoveMenu({ record, icon, onStep }: Props) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const offered = useOffered(record.entity, record.id, open);
  const steps = offered.data ?? [];
  const said = (label: string) => [{ key: "said", disabled: true, label }];
  return (
    <span onPointerDown={(event) => event.stopPropagation()} onKeyDown={(event) => LIFTING.includes(event.key) && event.stopPropagation()}>
      <Dropdown
        trigger={["click"]}
        // Shown once its ways are known, so that the keyboard lands on the first of them.
        open={open && !offered.isPending}
        onOpenChange={setOpen}
        autoFocus
        placement="bottomRight"
        menu={{
          items: steps.length === 0
            ? said(t("board.noWay"))
            : steps.map((step) => ({
                key: step.name,
                disabled: !step.allowed,
                onClick: () => onStep(step),
                label: (
                  <span className="move-way">
                    <span>{step.to_label}</span>
                    <span className="quiet small">
                      {step.label}
                      {step.missing.length > 0 && ` · ${t("board.missingOne", { n: step.missing.length })}`}
                    </span>
                  </span>
                ),
              })),
        }}
      >
        <button className="move-button" aria-busy={open && offered.isPending} aria-label={t("board.moveCard", { title: record.title })} title={t("board.move")}>
          {icon}
        </button>
      </Dropdown>
    </span>
  );
}
