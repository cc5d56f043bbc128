/**
 * The types that an app is written against: what it exports, and what it is given.
 *
 * The web's own types are TypeScript's: `"lib": ["es2024", "webworker"]` in tsconfig.json has them, or `"dom"` for code
 * that runs in browsers too. Of those an app finds what GLOBALS.md lists: no `Worker`, `WebSocket`, `WebAssembly`,
 * `indexedDB`, `caches` or `importScripts`. What both lack of the globals that are there is below. `ReadableStream.from` cannot
 * be added from here: `import { ReadableStream } from "node:stream/web"` has it with the types of Node.
 *
 * For `Buffer` and what is imported from `node:` modules, install `@types/node@22`: its types and these go together.
 * Of those an app finds what GLOBALS.md lists.
 *
 *     export default {
 *       async fetch(request, env, ctx) {
 *         ctx.waitUntil(note(request.url));
 *         return new Response(`hello ${env.NAME}`);
 *       },
 *     } satisfies Dayfly.Handler<{ NAME: string }>;
 *
 *     export const render: Dayfly.Render<{ name: string }> = ({ name }) => `hello ${name}`;
 */

/// <reference lib="webworker.iterable" />
/// <reference lib="webworker.asynciterable" />

declare namespace Dayfly {
  /** What JSON can say: props, and what an `env` has. */
  type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

  /** A page, as it goes over the wire. */
  type Page = string | Uint8Array;

  /** An app that renders: `export const render`, the default export, or `globalThis.render` of a classic script. */
  type Render<Props = Json> = (props: Props) => Page | PromiseLike<Page>;

  /**
   * An app that answers requests: the default export. `Env` is what the host has configured, a JSON object. It is called as
   * soon as a request's head is there: `request.body` comes as it is read.
   */
  interface Handler<Env extends object = { readonly [key: string]: Json }> {
    fetch(request: Request, env: Env, ctx: ExecutionContext): Response | PromiseLike<Response>;
  }

  interface ExecutionContext {
    /**
     * Keeps the sandbox after the response until the promise is settled, for at most as long as the limits allow. Its
     * rejection is reported on the console, and fails nothing.
     */
    waitUntil(promise: PromiseLike<unknown>): void;
    /** For apps that are written for other hosts too: it does nothing here. */
    passThroughOnException(): void;
    /** For apps that are written for other hosts too: it is empty here. */
    readonly props: object;
  }

  /** What a pattern is made of, and is tried with. */
  type URLPatternInput = string | {
    protocol?: string;
    username?: string;
    password?: string;
    hostname?: string;
    port?: string;
    pathname?: string;
    search?: string;
    hash?: string;
    baseURL?: string;
  };

  interface URLPatternResult extends Record<
    "protocol" | "username" | "password" | "hostname" | "port" | "pathname" | "search" | "hash",
    { input: string; groups: Record<string, string | undefined> }
  > {
    inputs: [URLPatternInput] | [URLPatternInput, string];
  }
}

/** What a classic script sets. */
declare var render: Dayfly.Render<any> | undefined;

/** What bundles that were made for Node look for; `@types/node` has the rest. */
declare namespace NodeJS {
  interface Process {
    /** `NODE_ENV` is `production`; the strings of a request's `env` are here too. */
    env: ProcessEnv;
    readonly version: string;
    cwd(): string;
    nextTick(callback: Function, ...parameters: any[]): void;
    uptime(): number;
    emitWarning(warning: string | Error): void;
  }
  interface ProcessEnv {
    [name: string]: string | undefined;
  }
}
declare var process: NodeJS.Process;
declare var global: typeof globalThis;

/** https://urlpattern.spec.whatwg.org/ */
interface URLPattern {
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
  test(input?: Dayfly.URLPatternInput, baseURL?: string): boolean;
  exec(input?: Dayfly.URLPatternInput, baseURL?: string): Dayfly.URLPatternResult | null;
}
/** TypeScript has it since 6.0: this is empty before. */
interface URLPatternComponentResult {}
declare var URLPattern: URLPatternComponentResult extends { input: string } ? typeof globalThis.URLPattern : {
  prototype: URLPattern;
  new (input?: Dayfly.URLPatternInput, baseURL?: string | { ignoreCase?: boolean }): URLPattern;
  new (input: string, baseURL: string, options: { ignoreCase?: boolean }): URLPattern;
};

interface RequestInit {
  /** What a request with a stream as its body has to say. */
  duplex?: "half";
}

/** Calls `callback` before the next timer, with its microtasks after it. */
declare function setImmediate<Arguments extends unknown[]>(
  callback: (...parameters: Arguments) => void,
  ...parameters: Arguments
): number;
declare function clearImmediate(id: number | undefined): void;
