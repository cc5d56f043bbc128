import { render as renderComponent } from "svelte/server";
import Page from "./Page.svelte";

export function render(props) {
  const { head, body } = renderComponent(Page, { props });
  return `<html><head>${head}</head><body>${body}</body></html>`;
}
