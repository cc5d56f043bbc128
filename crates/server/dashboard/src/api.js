// The admin API: it is asked with the token that was signed in with, which is kept until the tab is closed.

import { createParser } from "eventsource-parser";

const KEY = "dayfly-token";

/** An answer that is no success, as RFC 9457 has it. */
export class Problem extends Error {
  constructor(status, { code, detail, remedy } = {}) {
    super(detail ?? `the server answered with the status ${status}`);
    Object.assign(this, { status, code, remedy });
  }
}

export const session = {
  token: sessionStorage.getItem(KEY),
  /** Called when the server does not know the token any more. */
  ended: () => {},
  begin(token) {
    this.token = token;
    sessionStorage.setItem(KEY, token);
  },
  end() {
    this.token = null;
    sessionStorage.removeItem(KEY);
  },
};

async function ask(path, { signal, token = session.token } = {}) {
  const response = await fetch(path, { headers: { authorization: `Bearer ${token}` }, cache: "no-store", signal });
  if (response.ok) return response;
  const problem = new Problem(response.status, await response.json().catch(() => ({})));
  if (response.status === 401 && token === session.token) session.ended(problem);
  throw problem;
}

/** The JSON at a path. */
export async function get(path, options) {
  return (await ask(path, options)).json();
}

/** A path with a query. What is undefined is left out. */
export function query(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  return `${path}?${new URLSearchParams(given)}`;
}

/**
 * Follows server-sent events until `signal` says that it is enough: begins again where the connection breaks off, and rests while
 * nobody sees the page. `EventSource` could not send the token. `opened` is called each time that it has begun, `closed` each time
 * that it has not or has ended, with what was wrong.
 */
export async function follow(path, { event, opened = () => {}, closed = () => {}, signal }) {
  for (let tries = 0; !signal.aborted; tries += 1) {
    await seen(signal);
    const hidden = new AbortController();
    const hide = () => document.hidden && hidden.abort();
    document.addEventListener("visibilitychange", hide);
    try {
      const response = await ask(path, { signal: AbortSignal.any([signal, hidden.signal]) });
      opened();
      tries = 0;
      await read(response.body, event);
      closed(null);
    } catch (error) {
      if (signal.aborted) return;
      if (!hidden.signal.aborted) closed(error);
      // It will not be allowed another time either.
      if ([401, 403, 404].includes(error.status)) return;
    } finally {
      document.removeEventListener("visibilitychange", hide);
    }
    if (!hidden.signal.aborted) await pause(Math.min(15_000, 500 * 2 ** tries), signal);
  }
}

async function read(body, event) {
  const parser = createParser({ onEvent: ({ event: name, data }) => event(name, JSON.parse(data)) });
  const text = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await text.read();
    if (done) return;
    parser.feed(value);
  }
}

function seen(signal) {
  return new Promise((resolve) => {
    if (!document.hidden || signal.aborted) return resolve();
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look, { once: true });
  });
}

export function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
