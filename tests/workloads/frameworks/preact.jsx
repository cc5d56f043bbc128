/** @jsx h */
import { h } from "preact";
import { useMemo } from "preact/hooks";
import { renderToStringAsync } from "preact-render-to-string";

function Row({ row }) {
  const price = useMemo(() => row.price.toFixed(2), [row]);
  return <tr class={row.ok ? "ok" : null}><td>{row.id}</td><td>{row.name}</td><td style={{ color: "red" }}>{price}</td></tr>;
}

export async function render({ title, rows }) {
  return renderToStringAsync(<main><h1>{title}</h1><table>{rows.map((row) => <Row key={row.id} row={row} />)}</table></main>);
}
