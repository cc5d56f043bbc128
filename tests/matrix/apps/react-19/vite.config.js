import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  // One file: what it imports is in it.
  ssr: { noExternal: true },
});
