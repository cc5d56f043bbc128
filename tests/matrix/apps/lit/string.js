import { render as renderTemplate } from "@lit-labs/ssr";
import { collectResult } from "@lit-labs/ssr/lib/render-result.js";
import { rows } from "data";
import { page } from "./Page.js";

export function render({ title, count }) {
  return collectResult(renderTemplate(page({ title, rows: rows(count) })));
}
