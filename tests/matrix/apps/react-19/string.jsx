import { renderToString } from "react-dom/server";
import { rows } from "data";
import { Table } from "./Page.jsx";

export function render({ title, count }) {
  return renderToString(<Table title={title} rows={rows(count)} />);
}
