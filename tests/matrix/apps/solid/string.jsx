import { generateHydrationScript, renderToString } from "solid-js/web";
import { rows } from "data";
import { Table } from "./Page.jsx";

export function render({ title, count }) {
  return `<head>${generateHydrationScript()}</head>${renderToString(() => <Table title={title} rows={rows(count)} />, { renderId: "shop" })}`;
}
