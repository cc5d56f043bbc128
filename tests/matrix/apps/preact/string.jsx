import { renderToString } from "preact-render-to-string";
import { rows } from "data";
import { Table } from "./Page.jsx";

globalThis.render = ({ title, count }) => renderToString(<Table title={title} rows={rows(count)} />);
