import { defineConfig } from "vite";
import solid from "vite-plugin-solid";

export default defineConfig({
  plugins: [solid({ ssr: true })],
  // One file: what it imports is in it.
  ssr: { noExternal: true },
});
