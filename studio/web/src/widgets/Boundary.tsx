import { Component, type ReactNode } from "react";
import { useLanguage } from "../i18n/language";
import { Blank } from "./Blank";

function Broken() {
  const { t } = useLanguage();
  return (
    <Blank title={t("app.broken")} hint={t("app.brokenHint")}>
      <button className="plain-button" onClick={() => window.location.reload()}>
        {t("app.reload")}
      </button>
    </Blank>
  );
}

/** Keeps a fault of one page on that page; a new `at` gives the next page a fresh start. */
export class Boundary extends Component<{ at: string; children: ReactNode }, { failedAt: string | null }> {
  override state = { failedAt: null as string | null };

  override componentDidCatch(): void {
    this.setState({ failedAt: this.props.at });
  }

  static getDerivedStateFromError() {
    return { failedAt: "" };
  }

  override componentDidUpdate(before: { at: string }): void {
    if (before.at !== this.props.at && this.state.failedAt !== null) this.setState({ failedAt: null });
  }

  override render(): ReactNode {
    return this.state.failedAt === null ? this.props.children : <Broken />;
  }
}
