import { CloseOutlined, StarOutlined, TeamOutlined } from "@ant-design/icons";
import { Checkbox, Input, Modal } from "antd";
import { useId, useState } from "react";
import { asRefusal } from "../../api/problem";
import { useToast } from "../../app/toast";
import { useLanguage } from "../../i18n/language";
import { filtersIn } from "./asked";
import { named, sameFilters, useKept, withKept, type KeptFilter } from "./kept";

interface Props {
  entity: string;
  search: URLSearchParams;
  onChange: (next: URLSearchParams) => void;
}

/** Filters one wants again, on every device: pressed, they are on; the star keeps those that are on now. */
export function SavedFilters({ entity, search, onChange }: Props) {
  const { t } = useLanguage();
  const toast = useToast();
  const id = useId();
  const { all, keep, drop } = useKept(entity);
  const [naming, setNaming] = useState<string | null>(null);
  const [shared, setShared] = useState(false);
  const [busy, setBusy] = useState(false);
  const on = filtersIn(search).length > 0 || Boolean(search.get("q"));
  const now = all.find((one) => sameFilters(one, search));

  const save = async () => {
    const name = naming?.trim();
    if (!name || busy) return;
    setBusy(true);
    try {
      await keep(named(name, search), shared);
      setNaming(null);
      toast.say(t("kept.saved", { name }));
    } catch (error) {
      toast.warn(asRefusal(error).message);
    } finally {
      setBusy(false);
    }
  };
  const away = async (gone: KeptFilter) => {
    try {
      await drop(gone);
      toast.say(t("kept.dropped", { name: gone.name }), () => keep({ name: gone.name, search: gone.search }, gone.shared));
    } catch (error) {
      toast.warn(asRefusal(error).message);
    }
  };

  return (
    <>
      {all.map((one) => (
        <span key={one.id} className={one === now ? "filter-chip kept-chip kept-on" : "filter-chip kept-chip"}>
          <button
            className={one.mine ? "filter-say" : "filter-say kept-theirs"}
            aria-pressed={one === now}
            title={one.mine ? (one.shared ? t("kept.sharedHint") : undefined) : t("kept.by", { name: one.by })}
            onClick={() => onChange(withKept(search, one))}
          >
            {one.shared && <TeamOutlined className="kept-team" aria-hidden />}
            {one.name}
          </button>
          {one.mine && (
            <button className="filter-off" aria-label={t("kept.drop", { name: one.name })} onClick={() => void away(one)}>
              <CloseOutlined aria-hidden />
            </button>
          )}
        </span>
      ))}
      {on && !now && (
        <button className="plain-button" onClick={() => { setShared(false); setNaming(""); }}>
          <StarOutlined aria-hidden /> {t("kept.save")}
        </button>
      )}
      <Modal open={naming !== null} title={t("kept.save")} okText={t("app.save")} okButtonProps={{ disabled: !naming?.trim() }} confirmLoading={busy} onOk={() => void save()} onCancel={() => setNaming(null)}>
        <div className="asked">
          <label htmlFor={id}>{t("kept.name")}</label>
          <Input id={id} autoFocus maxLength={20} value={naming ?? ""} onChange={(event) => setNaming(event.target.value)} onPressEnter={() => void save()} />
          <p className="asked-help">{t("kept.hint")}</p>
          <Checkbox checked={shared} onChange={(event) => setShared(event.target.checked)}>{t("kept.share")}</Checkbox>
        </div>
      </Modal>
    </>
  );
}
