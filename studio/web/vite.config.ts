/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.FLOWLOOM_URL ?? "http://127.0.0.1:8630";

// The server gives the hashed files out under /assets/ and answers every page address with index.html.
export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  server: {
    // The server refuses writes that come from another site, so the proxy speaks as the server's own page.
    proxy: { "/api": { target: server, changeOrigin: true, headers: { origin: server } } },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
