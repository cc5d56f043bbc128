import { Suspense, lazy, use, useActionState, useId, useMemo } from "react";

export function Table({ title, rows }) {
  const id = useId();
  const total = useMemo(() => rows.reduce((sum, row) => sum + row.qty, 0), [rows]);
  return (
    <section aria-labelledby={id}>
      <title>{title}</title>
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

function Late({ data }) {
  const { name, rows } = use(data);
  return <Table title={name} rows={rows} />;
}

function Form() {
  const [count, add] = useActionState((count) => count + 1, 7);
  return (
    <form action={add}>
      <button>{count}</button>
    </form>
  );
}

export function Page({ ask, rows }) {
  const answers = ["first", "second", "third"].map(ask);
  const Footer = lazy(() => ask("footer").then(() => ({ default: () => <footer>that was all</footer> })));
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <link rel="stylesheet" href="/shop.css" precedence="default" />
      </head>
      <body>
        <Table title="At once" rows={rows} />
        <Form />
        {answers.map((data, i) => (
          <Suspense key={i} fallback={<p>loading {i}…</p>}>
            <Late data={data} />
          </Suspense>
        ))}
        <Suspense fallback={<p>loading the footer…</p>}>
          <Footer />
        </Suspense>
      </body>
    </html>
  );
}
