import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { asRefusal } from "./api/problem";
import { App } from "./app/App";
import "./app/ground.css";
import { LanguageProvider } from "./i18n/language";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: true,
      // Only a lost connection or a busy server is worth asking again; a refusal stays a refusal.
      retry: (count, error) => count < 2 && [0, 502, 503].includes(asRefusal(error).status),
    },
  },
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <LanguageProvider>
          <BrowserRouter>
            <App />
          </BrowserRouter>
        </LanguageProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
