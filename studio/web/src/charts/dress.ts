import type { Tints } from "./palette";

type Part = Record<string, unknown>;

const FONT =
  '-apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';

interface Hit {
  name?: string;
  axisValueLabel?: string;
  color?: string;
  data?: { shown?: string; count?: number | null } | null;
}

/** The tooltip as elements, never as HTML text: names come from records. */
export function tip(hits: Hit | Hit[]): HTMLElement {
  const box = document.createElement("div");
  for (const hit of Array.isArray(hits) ? hits : [hits]) {
    const line = document.createElement("div");
    const name = document.createElement("span");
    name.textContent = `${hit.axisValueLabel ?? hit.name ?? ""}  `;
    const value = document.createElement("b");
    value.textContent = hit.data?.shown ?? "";
    line.append(name, value);
    box.append(line);
  }
  return box;
}

/** A day on an axis without its year: the period is told above the chart. */
export const shortDay = (label: string): string => label.replace(/^\d{4}-0?(\d+)-0?(\d+)$/, "$1/$2");

function axis(part: unknown, tint: Tints): unknown {
  if (Array.isArray(part)) return part.map((one) => axis(one, tint));
  const given = (part ?? {}) as Part;
  return {
    ...given,
    axisLabel: { color: tint.quiet, fontSize: 12, ...(given.type === "category" ? { formatter: shortDay } : {}), ...((given.axisLabel as Part | undefined) ?? {}) },
    axisLine: { show: given.type === "category", lineStyle: { color: tint.line } },
    axisTick: { show: false },
    splitLine: { show: given.type === "value", lineStyle: { color: tint.line } },
  };
}

function series(part: Part, tint: Tints): Part {
  const dressed: Part = { ...part, cursor: "pointer" };
  if (part.type === "line") {
    Object.assign(dressed, { lineStyle: { width: 2 }, symbol: "circle", symbolSize: 6, emphasis: { focus: "none" } });
  }
  if (part.type === "pie") {
    dressed.percentPrecision = 0;
    dressed.label = { ...((part.label as Part | undefined) ?? {}), color: tint.text, alignTo: "edge", edgeDistance: 4, overflow: "break" };
    dressed.itemStyle = { borderColor: tint.surface, borderWidth: 2 };
  }
  if (part.type === "gauge") {
    dressed.detail = { ...((part.detail as Part | undefined) ?? {}), color: tint.text, fontSize: 24 };
    dressed.axisLine = { lineStyle: { width: 12, color: [[1, tint.line]] } };
  }
  if (part.markLine) {
    dressed.markLine = { ...(part.markLine as Part), lineStyle: { type: "dashed", color: tint.quiet }, label: { color: tint.quiet, fontSize: 11, position: "insideEndTop" } };
  }
  return dressed;
}

/** The server's option in our type, colours and spacing. */
export function dress(option: Part, tint: Tints, still: boolean): Part {
  const dressed: Part = {
    ...option,
    color: tint.colours,
    animation: !still,
    animationDuration: 300,
    textStyle: { fontFamily: FONT, color: tint.text },
    aria: { enabled: true },
    tooltip: {
      ...((option.tooltip as Part | undefined) ?? {}),
      backgroundColor: tint.surface,
      borderColor: tint.line,
      textStyle: { color: tint.text, fontSize: 13, fontFamily: FONT },
      confine: true,
      formatter: tip,
    },
  };
  if (option.xAxis) dressed.xAxis = axis(option.xAxis, tint);
  if (option.yAxis) dressed.yAxis = axis(option.yAxis, tint);
  if (Array.isArray(option.series)) dressed.series = (option.series as Part[]).map((one) => series(one, tint));
  return dressed;
}
