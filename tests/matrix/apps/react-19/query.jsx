// A data library: what a page asks for is fetched before, and its state goes with the page.
import { HydrationBoundary, QueryClient, QueryClientProvider, dehydrate, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Suspense } from "react";
import { renderToReadableStream } from "react-dom/server.edge";
import { source } from "data";

function Prefetched({ ask }) {
  const { data, isFetched } = useQuery({ queryKey: ["shop", { page: 1 }], queryFn: () => ask("prefetched") });
  return <p>{isFetched ? data.rows.map((row) => row.name).join() : "not there"}</p>;
}

function Late({ ask }) {
  const { data } = useSuspenseQuery({ queryKey: ["late"], queryFn: () => ask("late") });
  return <p>{data.name}</p>;
}

export async function render() {
  const ask = source();
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: 60_000, retry: false } } });
  await client.prefetchQuery({ queryKey: ["shop", { page: 1 }], queryFn: () => ask("prefetched") });
  const state = dehydrate(client);
  const stream = await renderToReadableStream(
    <QueryClientProvider client={client}>
      <HydrationBoundary state={state}>
        <Prefetched ask={ask} />
        <Suspense fallback="…">
          <Late ask={ask} />
        </Suspense>
      </HydrationBoundary>
    </QueryClientProvider>,
  );
  await stream.allReady;
  const queries = state.queries.map(({ queryHash, state: { status, data } }) => ({ queryHash, status, data }));
  return `${await new Response(stream).text()}<script type="application/json">${JSON.stringify(queries)}</script>`;
}
