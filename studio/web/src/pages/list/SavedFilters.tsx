import { CloseOutlined, StarOutlined } from "@ant-design/icons";
import { Input, Modal } from "antd";
import { useId, useState } from "react";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { filtersIn } from "./asked";
import { kept, sameFilters, withKept, type KeptFilter } from "./kept";

interface Props {
  entity: string;
  search: URLSearchParams;
  onChange: (next: URLSearchParams) => void;
}

/** Filters one wants again, kept on this device: pressed, they are on; the star keeps those that are on now. */
export function SavedFilters({ entity, search, onChange }: Props) {
  const { t } = useLanguage();
  const toast = useToast();
  const id = useId();
  const [all, setAll] = useState(() => kept.read(entity));
  const [naming, setNaming] = useState<string | null>(null);
  const on = filtersIn(search).length > 0 || Boolean(search.get("q"));
  const now = all.find((one) => sameFilters(one, search));

  const write = (next: KeptFilter[]) => {
    setAll(next);
    kept.write(entity, next);
  };
  const save = () => {
    const name = naming?.trim();
    if (!name) return;
    write([...all.filter((one) => one.name !== name), kept.of(name, search)]);
    setNaming(null);
    toast.say(t("kept.saved", { name }));
  };
  const drop = (gone: KeptFilter) => {
    write(all.filter((one) => one !== gone));
    toast.say(t("kept.dropped", { name: gone.name }), () => Promise.resolve(write(all)));
  };

  return (
    <>
      {all.map((one) => (
        <span key={one.name} className={one === now ? "filter-chip kept-chip kept-on" : "filter-chip kept-chip"}>
          <button className="filter-say" aria-pressed={one === now} onClick={() => onChange(withKept(search, one))}>
            {one.name}
          </button>
          <button className="filter-off" aria-label={t("kept.drop", { name: one.name })} onClick={() => drop(one)}>
            <CloseOutlined aria-hidden />
          </button>
        </span>
      ))}
      {on && !now && (
        <button className="plain-button" onClick={() => setNaming("")}>
          <StarOutlined aria-hidden /> {t("kept.save")}
        </button>
      )}
      <Modal open={naming !== null} title={t("kept.save")} okText={t("app.save")} okButtonProps={{ disabled: !naming?.trim() }} onOk={save} onCancel={() => setNaming(null)}>
        <div className="asked">
          <label htmlFor={id}>{t("kept.name")}</label>
          <Input id={id} autoFocus maxLength={20} value={naming ?? ""} onChange={(event) => setNaming(event.target.value)} onPressEnter={save} />
          <p className="asked-help">{t("kept.hint")}</p>
        </div>
      </Modal>
    </>
  );
}
