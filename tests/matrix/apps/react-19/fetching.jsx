// A component that fetches its own data, from an address that is its own answer.
import { Suspense, use } from "react";
import { renderToReadableStream } from "react-dom/server.edge";
import { rows } from "data";
import { Table } from "./Page.jsx";

const address = `data:application/json,${encodeURIComponent(JSON.stringify({ name: "Fetched", rows: rows(3) }))}`;

async function load() {
  const response = await fetch(address, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response.json();
}

function Fetched({ data }) {
  const { name, rows } = use(data);
  return <Table title={name} rows={rows} />;
}

export default {
  async fetch() {
    const data = load();
    const stream = await renderToReadableStream(
      <main>
        <Suspense fallback={<p>loading…</p>}>
          <Fetched data={data} />
        </Suspense>
      </main>,
    );
    await stream.allReady;
    return new Response(stream, { headers: { "content-type": "text/html" } });
  },
};
