import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { onSignedOut } from "../api/client";
import { Splash } from "../widgets/Splash";
import { SignIn } from "../pages/signin/SignIn";
import { useSessionQuery } from "./session";

const Inside = lazy(() => import("./Inside"));

/** The sign-in page or everything behind it. A session that ends keeps the address, so the page returns. */
export function App() {
  const client = useQueryClient();
  const session = useSessionQuery();
  const [ended, setEnded] = useState(false);

  useEffect(
    () =>
      onSignedOut(() => {
        setEnded(true);
        client.setQueryData(["session"], null);
      }),
    [client],
  );

  if (session.isPending) return <Splash />;
  if (!session.data) return <SignIn ended={ended} failure={session.error} onEntered={() => setEnded(false)} />;
  return (
    <Suspense fallback={<Splash />}>
      <Inside session={session.data} />
    </Suspense>
  );
}
