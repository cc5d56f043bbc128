import { createMemo, createSignal, For, Show } from "solid-js";
import { renderToString } from "solid-js/web";

function Row(props) {
  const price = createMemo(() => props.row.price.toFixed(2));
  return <tr classList={{ ok: props.row.ok }}><td>{props.row.id}</td><td>{props.row.name}</td><td style={{ color: "red" }}>{price()}</td></tr>;
}

function Page(props) {
  const [count] = createSignal(props.rows.length);
  return <main><h1>{props.title}</h1><table><For each={props.rows}>{(row) => <Row row={row} />}</For></table><Show when={count()}><p>{count()} rows</p></Show></main>;
}

export function render(props) {
  return renderToString(() => <Page {...props} />);
}
