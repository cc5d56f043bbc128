import { createContext } from "preact";
import { Suspense, lazy } from "preact/compat";
import { useContext, useId, useMemo, useReducer, useState } from "preact/hooks";

const Currency = createContext("$");

function Row({ row }) {
  const price = useMemo(() => row.price.toFixed(2), [row]);
  return <tr class={row.ok ? "ok" : null}><td>{row.name}</td><td style={{ color: "red", marginTop: 4 }}>{useContext(Currency)}{price}</td></tr>;
}

export function Table({ title, rows }) {
  const id = useId();
  const [count] = useState(() => rows.length);
  const [total] = useReducer((sum) => sum, rows, (rows) => rows.reduce((sum, row) => sum + row.qty, 0));
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <table><Currency.Provider value="€">{rows.map((row) => <Row key={row.id} row={row} />)}</Currency.Provider></table>
      <p dangerouslySetInnerHTML={{ __html: `<b>${count}</b> rows, ${total} in stock` }} />
    </section>
  );
}

/** A part that is loaded when it is first rendered. */
const late = (ask, name) => lazy(() => ask(name).then(({ rows }) => ({ default: () => <Table title={name} rows={rows} /> })));

export function Page({ ask, rows }) {
  const [First, Second] = ["first", "second"].map((name) => late(ask, name));
  return (
    <main>
      <Table title="At once" rows={rows} />
      <Suspense fallback={<p>loading…</p>}><First /></Suspense>
      <Suspense fallback={<p>loading more…</p>}><Second /></Suspense>
    </main>
  );
}
