// A component that awaits.
import { render as renderComponent } from "svelte/server";
import { source } from "data";
import Late from "./Late.svelte";

export default {
  async fetch() {
    const { head, body } = await renderComponent(Late, { props: { ask: source() } });
    return new Response(`<head>${head}</head><body>${body}</body>`, { headers: { "content-type": "text/html" } });
  },
};
