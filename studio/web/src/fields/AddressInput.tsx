import { Input } from "antd";
import type { Json } from "../api/types";
import { useLanguage } from "../i18n/language";

interface Props {
  id?: string;
  value: Json | undefined;
  onChange: (value: Json) => void;
  status?: "error";
}

const PARTS = ["province", "city", "district", "street"] as const;

/** Province, city, district and street in four small boxes. */
export function AddressInput({ id, value, onChange, status }: Props) {
  const { t } = useLanguage();
  const now = value && typeof value === "object" && !Array.isArray(value) ? value : {};
  return (
    <div className="address" role="group">
      {PARTS.map((part, at) => (
        <Input
          key={part}
          id={at === 0 ? id : undefined}
          status={status}
          placeholder={t(`field.${part}`)}
          aria-label={t(`field.${part}`)}
          value={typeof now[part] === "string" ? now[part] : ""}
          onChange={(event) => {
            const next = { ...now, [part]: event.target.value || null };
            onChange(PARTS.some((one) => next[one]) ? next : null);
          }}
        />
      ))}
    </div>
  );
}
