// Stands behind each app of attacks and of escapes: lists them, or makes the one that is asked for.
export default {
  async fetch(request, env, context) {
    const name = new URL(request.url).searchParams.get("attack");
    if (name === null) {
      return Response.json(Object.entries(attacks).map(([name, { ends, times = 1 }]) => ({ name, ends, times })));
    }
    const made = await attacks[name].run(request, env, context);
    return made instanceof Response ? made : new Response(made ?? "held");
  },
};
