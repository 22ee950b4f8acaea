import { SearchOutlined } from "@ant-design/icons";
import { Input } from "antd";
import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../../i18n/language";
import { useLater } from "../../widgets/later";

interface Props {
  label: string;
  value: string;
  onChange: (q: string) => void;
}

/** Search that follows the typing, after a short pause; `/` jumps to it. */
export function SearchBox({ label, value, onChange }: Props) {
  const { t } = useLanguage();
  const [typed, setTyped] = useState(value);
  const settled = useLater(typed, 250);
  const told = useRef(value);
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (settled === told.current) return;
    told.current = settled;
    onChange(settled.trim());
  }, [settled, onChange]);

  useEffect(() => {
    if (value !== told.current) {
      told.current = value;
      setTyped(value);
    }
  }, [value]);

  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      const within = (event.target as HTMLElement).closest("input, textarea, select, [contenteditable], [role=dialog]");
      if (event.key === "/" && !within) {
        event.preventDefault();
        box.current?.querySelector("input")?.focus();
      }
    };
    window.addEventListener("keydown", heard);
    return () => window.removeEventListener("keydown", heard);
  }, []);

  return (
    <div ref={box} className="list-search">
      <Input
        allowClear
        type="search"
        prefix={<SearchOutlined aria-hidden />}
        aria-label={t("list.search", { label })}
        placeholder={t("list.searchShort")}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </div>
  );
}
