import { createContext, createMemo, createResource, createSignal, createUniqueId, ErrorBoundary, For, Show, Suspense, Switch, Match, useContext } from "solid-js";
import { createStore } from "solid-js/store";
import { Dynamic } from "solid-js/web";

const Currency = createContext("$");

function Row(props) {
  const price = createMemo(() => props.row.price.toFixed(2));
  return <tr classList={{ ok: props.row.ok }} style={{ color: props.row.qty ? "black" : "red" }}><td>{props.row.name}</td><td>{useContext(Currency)}{price()}</td></tr>;
}

export function Table(props) {
  const id = createUniqueId();
  const [state] = createStore({ get total() { return props.rows.reduce((sum, row) => sum + row.qty, 0); } });
  const [tag] = createSignal("strong");
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{props.title}</h2>
      <Currency.Provider value="€"><table><tbody><For each={props.rows} fallback={<tr />}>{(row) => <Row row={row} />}</For></tbody></table></Currency.Provider>
      <Show when={state.total} fallback="none"><Dynamic component={tag()}>{state.total} in stock</Dynamic></Show>
      <Switch><Match when={props.rows.length > 100}>many</Match><Match when={true}>few</Match></Switch>
    </section>
  );
}

function Late(props) {
  const [data] = createResource(() => props.ask(props.name));
  return <Show when={data()}>{(data) => <Table title={data().name} rows={data().rows} />}</Show>;
}

export function Page(props) {
  return (
    <main>
      <Table title="At once" rows={props.rows} />
      <ErrorBoundary fallback={(error) => <p>{error.message}</p>}>
        <Suspense fallback={<p>loading…</p>}><Late ask={props.ask} name="first" /></Suspense>
        <Suspense fallback={<p>loading more…</p>}><Late ask={props.ask} name="second" /></Suspense>
      </ErrorBoundary>
    </main>
  );
}
