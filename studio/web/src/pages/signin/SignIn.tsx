import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api } from "../../api/client";
import { asRefusal } from "../../api/problem";
import { useLanguage } from "../../i18n/language";
import mark from "../../mark.svg";
import "./signin.css";

interface Props {
  ended: boolean;
  failure: unknown;
  onEntered: () => void;
}

/** The token in what was pasted: a whole link, or the token alone. */
export function tokenIn(pasted: string): string {
  return /\/in\/([^/?#\s]+)/.exec(pasted)?.[1] ?? pasted.trim();
}

export function SignIn({ ended, failure, onEntered }: Props) {
  const { t, language, setLanguage } = useLanguage();
  const client = useQueryClient();
  const [pasted, setPasted] = useState("");
  const [wrong, setWrong] = useState(() => (window.location.search.includes("link=used") ? t("sign.wrong") : ""));
  const [busy, setBusy] = useState(false);

  const enter = async (event: FormEvent) => {
    event.preventDefault();
    const token = tokenIn(pasted);
    if (!token) return setWrong(t("sign.empty"));
    setBusy(true);
    try {
      await api.post("/session", { token });
      await client.invalidateQueries({ queryKey: ["session"] });
      onEntered();
    } catch (error) {
      const refusal = asRefusal(error);
      setWrong(refusal.status === 0 ? t("app.offline") : t("sign.wrong"));
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="sign">
      <form className="sign-card" onSubmit={(event) => void enter(event)} noValidate>
        <div className="sign-head">
          <img src={mark} alt="" width={36} height={36} />
          <span className="sign-name">Flowloom</span>
          <button type="button" className="plain-button" onClick={() => setLanguage(language === "zh" ? "en" : "zh")}>
            {t("nav.language")}
          </button>
        </div>
        <h1>{t("sign.lead")}</h1>
        {ended && <p className="sign-note" role="alert">{t("sign.ended")}</p>}
        {failure ? <p className="sign-note" role="alert">{t("app.offline")}</p> : null}
        <p className="quiet">{t("sign.how")}</p>
        <label htmlFor="sign-token">{t("sign.token")}</label>
        <input
          id="sign-token"
          value={pasted}
          autoComplete="one-time-code"
          spellCheck={false}
          placeholder={t("sign.placeholder")}
          aria-invalid={wrong !== ""}
          aria-describedby={wrong ? "sign-wrong" : undefined}
          onChange={(event) => {
            setPasted(event.target.value);
            setWrong("");
          }}
        />
        {wrong && <p id="sign-wrong" className="sign-wrong" role="alert">{wrong}</p>}
        <button type="submit" className="sign-go" disabled={busy}>
          {t("sign.enter")}
        </button>
      </form>
    </main>
  );
}
