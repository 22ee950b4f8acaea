import { Tabs } from "antd";
import { useSearchParams } from "react-router";
import { useApprovals, type ApprovalShape } from "../../api/approvals";
import { useLanguage } from "../../i18n/language";
import { Blank } from "../../widgets/Blank";
import { Failure } from "../../widgets/Failure";
import { PageHead } from "../../widgets/PageHead";
import { Splash } from "../../widgets/Splash";
import { ApprovalCard } from "./ApprovalCard";

/** What waits for the reader's word, the longest waiting first; and what became of the reader's own requests. */
export default function ApprovalsPage() {
  const { t } = useLanguage();
  const [search, setSearch] = useSearchParams();
  const found = useApprovals();
  if (found.isPending) return <Splash inPage />;
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  const { to_decide: mine, asked } = found.data;
  const openAsked = asked.filter((one) => one.state === "open").length;
  return (
    <div className="narrow">
      <PageHead title={t("appr.title")} />
      <Tabs
        activeKey={search.get("tab") === "asked" ? "asked" : "mine"}
        onChange={(key) => setSearch(key === "asked" ? { tab: "asked" } : {}, { replace: true })}
        items={[
          { key: "mine", label: counted(t("appr.mine"), mine.length), children: <Cards all={mine} none="mine" /> },
          { key: "asked", label: counted(t("appr.asked"), openAsked), children: <Cards all={asked} none="asked" /> },
        ]}
      />
    </div>
  );
}

const counted = (label: string, n: number) => (
  <>
    {label} {n > 0 && <span className="tab-count">{n}</span>}
  </>
);

function Cards({ all, none }: { all: ApprovalShape[]; none: "mine" | "asked" }) {
  const { t } = useLanguage();
  if (all.length === 0) return <Blank title={t(`appr.none.${none}`)} hint={t(`appr.noneHint.${none}`)} />;
  return (
    <div className="approvals">
      {all.map((one) => (
        <ApprovalCard key={one.id} approval={one} />
      ))}
    </div>
  );
}
