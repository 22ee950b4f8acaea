import { useQuery } from "@tanstack/react-query";
import { ConfigProvider } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import "dayjs/locale/zh-cn";
import { lazy, Suspense, useEffect, useMemo } from "react";
import { Navigate, Route, Routes } from "react-router";
import { api } from "../api/client";
import type { Model, Session } from "../api/types";
import { useLanguage } from "../i18n/language";
import { Home } from "../pages/home/Home";
import { Failure } from "../widgets/Failure";
import { NotFound } from "../widgets/NotFound";
import { Splash } from "../widgets/Splash";
import { useChanges } from "./live";
import { SurroundingsContext } from "./session";
import { Shell } from "./Shell";
import { useTheme } from "./theme";
import { Toasts } from "./toast";

const ViewPage = lazy(() => import("../pages/list/ViewPage"));
const RecordPage = lazy(() => import("../pages/record/RecordPage"));
const EntryPage = lazy(() => import("../pages/entry/EntryPage"));
const DashboardPage = lazy(() => import("../pages/dashboard/DashboardPage"));
const RevisionsPage = lazy(() => import("../pages/revisions/RevisionsPage"));
const ApprovalsPage = lazy(() => import("../pages/approvals/ApprovalsPage"));
const RunsPage = lazy(() => import("../pages/runs/RunsPage"));
const PausedPage = lazy(() => import("../pages/runs/PausedPage"));
const RunPage = lazy(() => import("../pages/runs/RunPage"));
const ConnectionsPage = lazy(() => import("../pages/connections/ConnectionsPage"));
const InboxPage = lazy(() => import("../pages/inbox/InboxPage"));
const ImportStartPage = lazy(() => import("../pages/importing/StartPage"));
const ImportPage = lazy(() => import("../pages/importing/ImportPage"));
const TemplatesPage = lazy(() => import("../pages/templates/TemplatesPage"));
const TemplatePage = lazy(() => import("../pages/templates/TemplatePage"));
const NoticesPage = lazy(() => import("../pages/notifications/NoticesPage"));

/** Everything behind the sign-in: theme, model, shell and pages. */
export default function Inside({ session }: { session: Session }) {
  const { language, setLanguage } = useLanguage();
  const theme = useTheme();
  const model = useQuery({
    queryKey: ["model", language],
    queryFn: () => api.get<Model>("/model"),
    staleTime: 5 * 60_000,
  });
  useChanges();

  useEffect(() => {
    if (session.language && session.language !== language) setLanguage(session.language);
    // Only what the server remembers at sign-in decides; later switches go the other way.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [session.user.id]);

  const around = useMemo(() => (model.data ? { session, model: model.data } : null), [session, model.data]);
  return (
    <ConfigProvider theme={theme} locale={language === "zh" ? zhCN : enUS} button={{ autoInsertSpace: false }}>
      {around ? (
        <SurroundingsContext.Provider value={around}>
          <Toasts>
            <Shell>
              <Suspense fallback={<Splash inPage />}>
                <Routes>
                  <Route index element={<Home />} />
                  <Route path="views/:name" element={<ViewPage />} />
                  <Route path="entities/:entity" element={<ViewPage />} />
                  <Route path="import/:entity" element={<ImportStartPage />} />
                  <Route path="imports/:number" element={<ImportPage />} />
                  <Route path="records/:entity/:id" element={<RecordPage />} />
                  <Route path="new/:form" element={<EntryPage />} />
                  <Route path="dashboards/:name" element={<DashboardPage />} />
                  <Route path="revisions" element={<RevisionsPage />} />
                  <Route path="templates" element={<TemplatesPage />} />
                  <Route path="templates/:name" element={<TemplatePage />} />
                  <Route path="approvals" element={<ApprovalsPage />} />
                  <Route path="runs" element={<RunsPage />} />
                  <Route path="runs/paused" element={<PausedPage />} />
                  <Route path="runs/:id" element={<RunPage />} />
                  <Route path="connections" element={<ConnectionsPage />} />
                  <Route path="inbox" element={<InboxPage />} />
                  <Route path="notifications" element={<NoticesPage />} />
                  <Route path="sign-in" element={<Navigate to="/" replace />} />
                  <Route path="*" element={<NotFound />} />
                </Routes>
              </Suspense>
            </Shell>
          </Toasts>
        </SurroundingsContext.Provider>
      ) : model.isError ? (
        <Failure error={model.error} onRetry={() => void model.refetch()} />
      ) : (
        <Splash />
      )}
    </ConfigProvider>
  );
}
