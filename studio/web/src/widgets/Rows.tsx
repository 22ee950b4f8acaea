import { Button } from "antd";
import type { ReactNode } from "react";
import { useLanguage } from "../i18n/language";
import { Blank } from "./Blank";
import { Failure } from "./Failure";
import { Splash } from "./Splash";
import "./rows.css";

interface Props<T> {
  found: {
    isError: boolean;
    isPending: boolean;
    error: unknown;
    refetch: () => unknown;
    /** Where it comes page by page. */
    hasNextPage?: boolean;
    isFetchingNextPage?: boolean;
    fetchNextPage?: () => unknown;
  };
  rows: T[];
  /** What an empty list says. */
  none: string;
  hint: string;
  children: (one: T) => ReactNode;
}

/** A list of rows in each of its states: on its way, refused, empty, there, and more to come. */
export function Rows<T>({ found, rows, none, hint, children }: Props<T>) {
  const { t } = useLanguage();
  if (found.isError) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  if (found.isPending) return <Splash inPage />;
  if (rows.length === 0) return <Blank title={none} hint={hint} />;
  return (
    <>
      <ul className="run-rows">{rows.map(children)}</ul>
      {found.hasNextPage && (
        <div className="list-end">
          <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage?.()}>{t("list.loadMore")}</Button>
        </div>
      )}
    </>
  );
}
