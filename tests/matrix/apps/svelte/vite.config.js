import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte({ compilerOptions: { experimental: { async: true } } })],
  // One file: what it imports is in it.
  ssr: { noExternal: true },
});
