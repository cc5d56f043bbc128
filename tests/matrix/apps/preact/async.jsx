import { renderToStringAsync } from "preact-render-to-string";
import { rows, source } from "data";
import { Page } from "./Page.jsx";

export function render({ count }) {
  return renderToStringAsync(<Page ask={source()} rows={rows(count)} />);
}
