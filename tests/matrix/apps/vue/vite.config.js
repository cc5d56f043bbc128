import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [vue()],
  // One file: what it imports is in it.
  ssr: { noExternal: true },
});
