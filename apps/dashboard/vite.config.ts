/** Builds the dashboard into dist/, from the workspace's TypeScript sources; `vite` alone serves it beside a running API. */
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";

const api = "http://127.0.0.1:7421";

/** Writes scripts and styles gzipped beside themselves: compressed once, here, and not by the API at every request. */
const gzipped: Plugin = {
  name: "gzipped",
  apply: "build",
  enforce: "post",
  generateBundle(_options, bundle) {
    for (const [fileName, file] of Object.entries(bundle)) {
      if (!/\.(js|css)$/.test(fileName)) continue;
      const content = file.type === "chunk" ? file.code : file.source;
      this.emitFile({ type: "asset", fileName: `${fileName}.gz`, source: gzipSync(content, { level: 9 }) });
    }
  },
};

export default defineConfig({
  plugins: [react(), gzipped],
  resolve: { conditions: ["source", ...defaultClientConditions] },
  // Fonts stay files of their own: a strict CSP need not allow data: fonts, and the browser caches them apart.
  build: { outDir: "dist", emptyOutDir: true, assetsInlineLimit: 0, target: "es2022", sourcemap: false },
  server: { port: 7422, proxy: { "/v1": { target: api, changeOrigin: true }, "/health": api, "/docs": api, "/openapi.json": api } },
});
