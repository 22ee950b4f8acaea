import { useQuery } from "@tanstack/react-query";
import { Modal } from "antd";
import { useState } from "react";
import { lostBy, useImportWays, type Lost } from "../../api/imports";
import { asRefusal } from "../../api/problem";
import { useToast } from "../../app/toast";
import { useLanguage, type Speaker } from "../../i18n/language";
import { Failure } from "../../widgets/Failure";
import { Splash } from "../../widgets/Splash";

/** What cannot be taken back, in sentences. */
function staying(lost: Lost, t: Speaker): string[] {
  const titles = lost.changed.items.map((one) => one.title).join(t("appr.and"));
  return [
    ...(lost.changed.count > 0 ? [t("imp.undoChanged", { n: lost.changed.count, titles })] : []),
    ...(lost.matched > 0 ? [t("imp.undoMatched", { n: lost.matched })] : []),
    ...(lost.told > 0 ? [t("imp.undoTold", { n: lost.told })] : []),
    ...lost.rules.map((rule) => t("imp.undoRule", { label: rule.label, n: rule.count })),
  ];
}

/** Asks before an import is taken back, and says what stays. */
export function UndoDialog({ number, onClose }: { number: number; onClose: () => void }) {
  const { t, language } = useLanguage();
  const toast = useToast();
  const ways = useImportWays(number);
  const [busy, setBusy] = useState(false);
  const lost = useQuery({ queryKey: ["import", number, "lost", language], staleTime: 0, gcTime: 0, queryFn: () => lostBy(number) });
  const kept = lost.data ? staying(lost.data, t) : [];

  const undo = async () => {
    setBusy(true);
    try {
      await ways.go("undo");
      onClose();
    } catch (error) {
      toast.warn(asRefusal(error).message);
      setBusy(false);
    }
  };
  return (
    <Modal open title={t("imp.undoAsk")} okText={t("imp.undo")} okButtonProps={{ danger: true, disabled: !lost.data }} cancelText={t("app.cancel")} confirmLoading={busy} onOk={() => void undo()} onCancel={onClose}>
      {lost.isPending ? (
        <Splash inPage />
      ) : lost.isError ? (
        <Failure error={lost.error} onRetry={() => void lost.refetch()} />
      ) : (
        <>
          <p>{t("imp.undoGo", { n: lost.data.created.toLocaleString("en-US") })}</p>
          {kept.length > 0 ? (
            <>
              <h3 className="import-h">{t("imp.undoNot")}</h3>
              <ul className="import-lost">{kept.map((line) => <li key={line}>{line}</li>)}</ul>
            </>
          ) : (
            <p className="quiet">{t("imp.undoNothing")}</p>
          )}
        </>
      )}
    </Modal>
  );
}
