import { render as renderComponent } from "svelte/server";
import { rows } from "data";
import Page from "./Page.svelte";

export function render({ title, count }) {
  const { head, body } = renderComponent(Page, { props: { title, rows: rows(count) } });
  return `<!doctype html><html><head>${head}</head><body>${body}</body></html>`;
}
