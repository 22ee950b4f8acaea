import { Button } from "antd";
import { useEffect, useState } from "react";
import { api } from "../../api/client";
import { asRefusal, spoken } from "../../api/problem";
import { useSave } from "../../api/queries";
import type { EntityModel, RecordShape, Values } from "../../api/types";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { Notes } from "../../widgets/Notes";
import { ConflictDialog } from "./ConflictDialog";
import { contested, type Draft } from "./draft";

interface Props {
  record: RecordShape;
  entity: EntityModel;
  draft: Draft;
  onDraft: (draft: Draft | null) => void;
}

/** What is not saved yet, and saving it. If somebody saved other fields first, both go through. */
export function SaveBar({ record, entity, draft, onDraft }: Props) {
  const { t } = useLanguage();
  const toast = useToast();
  const save = useSave();
  const [wrong, setWrong] = useState<string[]>([]);
  const [theirs, setTheirs] = useState<RecordShape | null>(null);
  const count = Object.keys(draft.values).length;

  const put = async (version: number, values: Values, base: Values): Promise<void> => {
    const answer = await save.mutateAsync({ entity: record.entity, id: record.id, version, values });
    onDraft(null);
    setWrong([]);
    const before = Object.fromEntries(Object.keys(values).map((field) => [field, base[field] ?? null]));
    toast.say(t("record.saved"), async () => {
      await save.mutateAsync({ entity: record.entity, id: record.id, version: answer.record.version, values: before });
    });
  };

  const submit = async () => {
    try {
      await put(draft.version, draft.values, draft.base);
    } catch (error) {
      const refusal = asRefusal(error);
      if (!refusal.conflict) {
        setWrong(refusal.status === 0 ? [t("app.offline")] : refusal.problems.length > 0 ? refusal.problems.map(spoken) : [refusal.message]);
        return;
      }
      const current = await api.get<RecordShape>(`/records/${record.entity}/${record.id}`);
      if (contested(draft, current).length > 0) setTheirs(current);
      else await put(current.version, draft.values, draft.base).catch((again: unknown) => setWrong([asRefusal(again).message]));
    }
  };

  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
        event.preventDefault();
        void submit();
      }
    };
    window.addEventListener("keydown", heard);
    return () => window.removeEventListener("keydown", heard);
  });

  return (
    <div className="save-bar" role="region" aria-label={t("record.unsaved")}>
      <Notes tone="bad" lines={wrong} />
      <div className="save-bar-line">
        <span>{t("record.unsavedCount", { n: count })}</span>
        <Button onClick={() => onDraft(null)}>{t("record.discard")}</Button>
        <Button type="primary" loading={save.isPending} onClick={() => void submit()}>{t("app.save")}</Button>
      </div>
      {theirs && (
        <ConflictDialog
          entity={entity}
          draft={draft}
          mine={record}
          theirs={theirs}
          onClose={() => setTheirs(null)}
          onChosen={(values) => {
            const current = theirs;
            setTheirs(null);
            if (Object.keys(values).length === 0) onDraft(null);
            else void put(current.version, values, current.values).catch((error: unknown) => setWrong([asRefusal(error).message]));
          }}
        />
      )}
    </div>
  );
}
