import { BarChart, FunnelChart, GaugeChart, LineChart, PieChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import type { Json } from "../api/types";
import { useDark, useStill } from "../app/theme";
import { dress } from "./dress";
import { tints } from "./palette";

use([BarChart, FunnelChart, GaugeChart, LineChart, PieChart, AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);

interface Props {
  label: string;
  option: Record<string, unknown>;
  onPoint: (point: Json, name: string) => void;
}

/** One ECharts drawing; a click on a point leads to its records. */
export default function Chart({ label, option, onPoint }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const told = useRef(onPoint);
  const dark = useDark();
  const still = useStill();

  useEffect(() => {
    told.current = onPoint;
  }, [onPoint]);

  useEffect(() => {
    if (!frame.current) return;
    const chart = init(frame.current, undefined, { renderer: "svg" });
    chart.setOption(dress(option, tints(dark), still) as EChartsCoreOption);
    chart.on("click", (event) => {
      const point = (event.data as { point?: Json } | null)?.point;
      if (point !== undefined && point !== null) told.current(point, event.name);
    });
    const watch = new ResizeObserver(() => chart.resize());
    watch.observe(frame.current);
    return () => {
      watch.disconnect();
      chart.dispose();
    };
  }, [option, dark, still]);

  return <div ref={frame} className="chart" role="img" aria-label={label} />;
}
