// A router with loaders, as its guide for servers has it: the URL is matched, its loaders run, and the page is rendered.
import { renderToString } from "react-dom/server";
import { Link, Outlet, createStaticHandler, createStaticRouter, StaticRouterProvider, useLoaderData, useParams } from "react-router";
import { rows, source } from "data";

const ask = source(1);

const routes = [
  {
    path: "/",
    Component: () => (
      <main>
        <nav>
          <Link to="/">home</Link> <Link to="/items/2?from=nav">two</Link>
        </nav>
        <Outlet />
      </main>
    ),
    children: [
      { index: true, loader: () => rows(3), Component: List },
      {
        path: "items/:id",
        loader: async ({ params, request }) => {
          const { rows } = await ask(params.id);
          const row = rows.find(({ id }) => String(id) === params.id);
          if (!row) throw new Response("no such item", { status: 404, statusText: "Not Found" });
          return { row, from: new URL(request.url).searchParams.get("from") };
        },
        Component: Item,
        ErrorBoundary: () => <p>There is no such item.</p>,
      },
      { path: "old", loader: () => Response.redirect("http://shop.test/", 301) },
    ],
  },
];

function List() {
  return (
    <ul>
      {useLoaderData().map((row) => (
        <li key={row.id}>
          <Link to={`items/${row.id}`}>{row.name}</Link>
        </li>
      ))}
    </ul>
  );
}

function Item() {
  const { row, from } = useLoaderData();
  return (
    <p>
      {useParams().id}: {row.name}, {row.price} ({from})
    </p>
  );
}

const { query, dataRoutes } = createStaticHandler(routes);

export default {
  async fetch(request) {
    const context = await query(request);
    if (context instanceof Response) return context;
    const router = createStaticRouter(dataRoutes, context);
    const page = renderToString(<StaticRouterProvider router={router} context={context} />);
    return new Response(`<!doctype html>${page}`, { status: context.statusCode, headers: { "content-type": "text/html" } });
  },
};
