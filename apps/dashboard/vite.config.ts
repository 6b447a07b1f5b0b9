/** Builds the dashboard into dist/, from the workspace's TypeScript sources; `vite` alone serves it beside a running API. */
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig } from "vite";

const api = "http://127.0.0.1:7421";

export default defineConfig({
  plugins: [react()],
  resolve: { conditions: ["source", ...defaultClientConditions] },
  // Fonts stay files of their own: a strict CSP need not allow data: fonts, and the browser caches them apart.
  build: { outDir: "dist", emptyOutDir: true, assetsInlineLimit: 0, target: "es2022", sourcemap: false },
  server: { port: 7422, proxy: { "/v1": { target: api, changeOrigin: true }, "/health": api, "/docs": api, "/openapi.json": api } },
});
