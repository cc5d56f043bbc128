import { renderToStringAsync } from "solid-js/web";
import { rows, source } from "data";
import { Page } from "./Page.jsx";

export function render({ count }) {
  const ask = source();
  return renderToStringAsync(() => <Page ask={ask} rows={rows(count)} />);
}
