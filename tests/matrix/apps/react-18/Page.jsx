import React, { Suspense, lazy, useId, useMemo } from "react";

export function Table({ title, rows }) {
  const id = useId();
  const total = useMemo(() => rows.reduce((sum, row) => sum + row.qty, 0), [rows]);
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <table>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} className={row.ok ? "ok" : undefined} style={{ color: row.qty ? "black" : "red", marginTop: 4 }}>
              <td>{row.name}</td>
              <td>{row.price.toFixed(2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>{total} in stock</p>
    </section>
  );
}

/** A component that waits for its data as libraries for React 18 do: it throws the promise. */
function resource(promise) {
  let answer;
  const settled = promise.then((value) => void (answer = value));
  return () => {
    if (!answer) throw settled;
    return answer;
  };
}

function Late({ read }) {
  const { name, rows } = read();
  return <Table title={name} rows={rows} />;
}

export function Page({ ask, rows }) {
  const reads = ["first", "second", "third"].map((name) => resource(ask(name)));
  // Made here, as the code of a page that is split would be loaded in its turn.
  const Footer = lazy(() => ask("footer").then(() => ({ default: () => <footer>that was all</footer> })));
  return (
    <html lang="en">
      <head>
        <title>A shop</title>
      </head>
      <body>
        <Table title="At once" rows={rows} />
        {reads.map((read, i) => (
          <Suspense key={i} fallback={<p>loading {i}…</p>}>
            <Late read={read} />
          </Suspense>
        ))}
        <Suspense fallback={<p>loading the footer…</p>}>
          <Footer />
        </Suspense>
      </body>
    </html>
  );
}
