import { theme as antd, type ThemeConfig } from "antd";
import { useSyncExternalStore } from "react";

const DARK = "(prefers-color-scheme: dark)";
const STILL = "(prefers-reduced-motion: reduce)";
const PHONE = "(max-width: 767px)";

/** Whether a media query holds now; follows it. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (heard) => {
      const media = window.matchMedia(query);
      media.addEventListener("change", heard);
      return () => media.removeEventListener("change", heard);
    },
    () => window.matchMedia(query).matches,
  );
}

export const useDark = () => useMedia(DARK);
export const usePhone = () => useMedia(PHONE);
export const useStill = () => useMedia(STILL);

const FONT =
  '-apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';

/** Ant Design in our colours; the same values as the custom properties in ground.css. */
export function useTheme(): ThemeConfig {
  const dark = useDark();
  const still = useStill();
  const phone = usePhone();
  return {
    algorithm: dark ? antd.darkAlgorithm : antd.defaultAlgorithm,
    token: {
      colorPrimary: dark ? "#107d73" : "#0f766e",
      colorLink: dark ? "#5cc9bc" : "#0f766e",
      colorInfo: dark ? "#5cc9bc" : "#0f766e",
      colorSuccess: dark ? "#5cc98c" : "#1a7f4b",
      colorWarning: dark ? "#e0ad4e" : "#9a6200",
      colorError: dark ? "#f08a80" : "#b93227",
      colorTextBase: dark ? "#e6ebec" : "#1b2327",
      colorBgBase: dark ? "#181f22" : "#ffffff",
      colorTextPlaceholder: dark ? "#93a2a8" : "#68757b",
      colorTextDescription: dark ? "#a3b1b6" : "#566369",
      colorTextTertiary: dark ? "#a3b1b6" : "#566369",
      colorTextQuaternary: dark ? "#93a2a8" : "#68757b",
      colorBorder: dark ? "#46545a" : "#c9d1d4",
      ...(dark ? { colorBgContainer: "#1b2427", colorBgElevated: "#1f282c", colorFillAlter: "#20292d" } : {}),
      borderRadius: 7,
      controlHeight: phone ? 44 : 34,
      controlHeightSM: phone ? 36 : 28,
      fontSize: phone ? 16 : 14,
      fontFamily: FONT,
      motion: !still,
      wireframe: false,
    },
    components: {
      Tabs: dark ? { itemSelectedColor: "#5cc9bc", itemHoverColor: "#5cc9bc", inkBarColor: "#5cc9bc" } : {},
    },
  };
}
