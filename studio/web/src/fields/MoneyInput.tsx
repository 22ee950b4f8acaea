import { InputNumber } from "antd";
import type { Json } from "../api/types";
import { useSurroundings } from "../app/session";
import { money, wan } from "../format/amount";
import { useLanguage } from "../i18n/language";

interface Props {
  id?: string;
  value: Json | undefined;
  min?: number;
  onChange: (value: Json) => void;
  status?: "error";
  autoFocus?: boolean;
}

/** An amount, kept as decimal text; says it in 万 beside the box once it is large. `12.5万` may be typed. */
export function MoneyInput({ value, min, onChange, ...common }: Props) {
  const { t, language } = useLanguage();
  const { currency } = useSurroundings().session.site;
  const inWan = language === "zh" ? wan(value) : null;
  return (
    <InputNumber<string>
      {...common}
      stringMode
      inputMode="decimal"
      prefix={money(0, currency).replace("0", "")}
      suffix={inWan ? <span className="quiet small">{t("field.wan", { n: inWan })}</span> : null}
      value={value === null || value === undefined ? null : String(value).replace(/\.0+$/, "")}
      min={min === undefined ? undefined : String(min)}
      formatter={(shown) => String(shown ?? "").replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ",")}
      parser={(typed) => plainAmount(typed ?? "")}
      onChange={(next) => onChange(next)}
    />
  );
}

function plainAmount(typed: string): string {
  const amount = typed.replace(/[,，¥￥$\s]/g, "");
  const large = /^(-?\d+(?:\.\d+)?)(万|亿)/.exec(amount);
  if (!large) return amount.replace(/[^\d.-]/g, "");
  return String(Math.round(Number(large[1]) * (large[2] === "万" ? 1e6 : 1e10)) / 100);
}
