//! The globals of the web, and the layer that stands in for Node's: each row is an expression and what it gives.

use crate::support::{App, root};

/// A global, an expression of the body of an async function, and what that returns, as JSON.
const ROWS: &[(&str, &str, &str)] = &[
    (
        "AbortController",
        "const c = new AbortController(); const seen = []; c.signal.onabort = (e) => seen.push(e.type); c.abort('why'); return [c.signal.aborted, c.signal.reason, seen]",
        r#"[true,"why",["abort"]]"#,
    ),
    (
        "AbortSignal",
        "const any = AbortSignal.any([new AbortController().signal, AbortSignal.timeout(5)]); await new Promise((done) => any.addEventListener('abort', done)); return any.reason.name",
        r#""TimeoutError""#,
    ),
    (
        "Blob",
        "const b = new Blob(['ab', new Uint8Array([99])], { type: 'text/Plain' }); return [b.size, b.type, await b.slice(1).text(), (await b.arrayBuffer()).byteLength]",
        r#"[3,"text/plain","bc",3]"#,
    ),
    (
        "Buffer",
        "return [Buffer.from('é').toString('hex'), Buffer.concat([Buffer.from('a'), Buffer.alloc(1, 'b')]).toString('base64')]",
        r#"["c3a9","YWI="]"#,
    ),
    (
        "ByteLengthQueuingStrategy",
        "return new ByteLengthQueuingStrategy({ highWaterMark: 2 }).size(new Uint8Array(5))",
        "5",
    ),
    (
        "CompressionStream",
        "const sizes = []; for (const format of ['gzip', 'deflate', 'deflate-raw']) { const packed = await new Response(new Blob(['a'.repeat(9000)]).stream().pipeThrough(new CompressionStream(format))).bytes(); const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream(format))).text(); sizes.push(packed.length < 100 && text.length) } return sizes",
        "[9000,9000,9000]",
    ),
    (
        "DecompressionStream",
        "let count = 0, largest = 0; const packed = await new Response(new Blob([new Uint8Array(1e6)]).stream().pipeThrough(new CompressionStream('gzip'))).blob(); for await (const { length } of packed.stream().pipeThrough(new DecompressionStream('gzip'))) { count += length; largest = Math.max(largest, length) } return [packed.size < 2000, count, largest]",
        "[true,1000000,65536]",
    ),
    (
        "DecompressionStream",
        "const wrong = []; for (const bytes of [[1, 2, 3], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9], [0x1f, 0x8b, 8]]) { try { wrong.push(await new Response(new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('gzip'))).text()) } catch (e) { wrong.push(e.name) } } return wrong",
        r#"["TypeError","TypeError","TypeError"]"#,
    ),
    (
        "URLPattern",
        "const m = new URLPattern({ pathname: '/books/:id' }).exec('https://a.test/books/7'); return [m.pathname.groups.id, new URLPattern({ pathname: '/x' }).test('https://a.test/y')]",
        r#"["7",false]"#,
    ),
    ("CountQueuingStrategy", "return new CountQueuingStrategy({ highWaterMark: 2 }).size('x')", "1"),
    ("Crypto", "try { new Crypto(); } catch (e) { return e.name }", r#""TypeError""#),
    (
        "CryptoKey",
        "const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt']); const copy = structuredClone(key); return [copy instanceof CryptoKey, copy.type, copy.algorithm, copy.usages]",
        r#"[true,"secret",{"name":"AES-GCM","length":128},["encrypt"]]"#,
    ),
    (
        "CustomEvent",
        "const t = new EventTarget(); let seen; t.addEventListener('x', (e) => { seen = e.detail }, { once: true }); t.dispatchEvent(new CustomEvent('x', { detail: 7 })); t.dispatchEvent(new CustomEvent('x')); return seen",
        "7",
    ),
    (
        "DOMException",
        "const e = new DOMException('m', 'AbortError'); return [e.name, e.code, e instanceof Error, e.message]",
        r#"["AbortError",20,true,"m"]"#,
    ),
    (
        "ErrorEvent",
        "let seen; addEventListener('error', (e) => { seen = e.error.message; e.preventDefault() }); setTimeout(() => { throw new Error('late') }); await new Promise((done) => setTimeout(done, 5)); return seen",
        r#""late""#,
    ),
    ("Event", "return new Event('x', { cancelable: true }).cancelable", "true"),
    (
        "EventTarget",
        "class T extends EventTarget {} const order = []; const t = new T(); t.addEventListener('a', () => order.push(1)); t.addEventListener('a', { handleEvent() { order.push(2) } }); t.dispatchEvent(new Event('a')); return order",
        "[1,2]",
    ),
    (
        "File",
        "const f = new File(['x'], 'a.txt', { type: 'text/plain', lastModified: 5 }); return [f.name, f.size, f.lastModified]",
        r#"["a.txt",1,5]"#,
    ),
    (
        "FormData",
        "const f = new FormData(); f.append('a', '1'); f.append('a', '2'); f.set('b', new Blob(['x'])); return [f.getAll('a'), f.get('b').name]",
        r#"[["1","2"],"blob"]"#,
    ),
    (
        "Headers",
        "const h = new Headers([['B', '1'], ['a', '2'], ['b', '3'], ['set-cookie', 'x'], ['Set-Cookie', 'y']]); return [[...h], h.getSetCookie()]",
        r#"[[["a","2"],["b","1, 3"],["set-cookie","x"],["set-cookie","y"]],["x","y"]]"#,
    ),
    (
        "Intl",
        "return [new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' }).format(1234.5), new Date(0).toLocaleDateString('en-US', { dateStyle: 'long' }), new Intl.PluralRules('pl').select(5), new Intl.RelativeTimeFormat('en').format(-1, 'day'), new Intl.ListFormat('en').format(['a', 'b', 'c']), ['b', 'á', 'a'].sort(new Intl.Collator('en').compare), Object.keys(Intl)]",
        r#"["$1,234.50","January 1, 1970","many","1 day ago","a, b, and c",["a","á","b"],[]]"#,
    ),
    (
        "MessageChannel",
        "const c = new MessageChannel(); const seen = []; await new Promise((done) => { c.port1.onmessage = (e) => { if (seen.push(e.data) === 2) done() }; c.port2.postMessage({ a: 1 }); c.port2.postMessage([2]) }); return seen",
        r#"[{"a":1},[2]]"#,
    ),
    ("MessageEvent", "return new MessageEvent('message', { data: 3 }).data", "3"),
    ("MessagePort", "try { new MessagePort() } catch (e) { return e.name }", r#""TypeError""#),
    ("Navigator", "return Object.prototype.toString.call(navigator)", r#""[object Navigator]""#),
    (
        "Performance",
        "return [performance instanceof Performance, performance.now() >= 0, performance.timeOrigin > 1.7e12]",
        "[true,true,true]",
    ),
    (
        "PerformanceEntry",
        "performance.mark('m'); return performance.getEntriesByName('m')[0] instanceof PerformanceEntry",
        "true",
    ),
    ("PerformanceMark", "return performance.mark('a', { detail: 1 }).detail", "1"),
    ("PerformanceMeasure", "performance.mark('a'); return performance.measure('m', 'a').duration", "0"),
    (
        "PromiseRejectionEvent",
        "let seen; onunhandledrejection = (e) => { seen = [e.reason.message, e.promise instanceof Promise]; e.preventDefault() }; setTimeout(() => Promise.reject(new Error('r'))); await new Promise((done) => setTimeout(done, 5)); await null; return seen ?? 'not yet'",
        r#""not yet""#,
    ),
    (
        "ReadableStream",
        "const s = new ReadableStream({ start(c) { c.enqueue('a'); c.enqueue('b'); c.close() } }); const [x, y] = s.tee(); return [await Array.fromAsync(x), await Array.fromAsync(y), await Array.fromAsync(ReadableStream.from([1, 2]))]",
        r#"[["a","b"],["a","b"],[1,2]]"#,
    ),
    (
        "ReadableByteStreamController",
        "let is; const s = new ReadableStream({ type: 'bytes', pull(c) { is = c instanceof ReadableByteStreamController; c.enqueue(new Uint8Array([1])) } }); const r = s.getReader({ mode: 'byob' }); const { value } = await r.read(new Uint8Array(4)); return [is, value.length, r instanceof ReadableStreamBYOBReader]",
        "[true,1,true]",
    ),
    ("ReadableStreamBYOBReader", "return typeof ReadableStreamBYOBReader.prototype.read", r#""function""#),
    ("ReadableStreamBYOBRequest", "return 'view' in ReadableStreamBYOBRequest.prototype", "true"),
    (
        "ReadableStreamDefaultController",
        "let c; new ReadableStream({ start(it) { c = it } }); return c instanceof ReadableStreamDefaultController",
        "true",
    ),
    (
        "ReadableStreamDefaultReader",
        "const r = new ReadableStream({ start(c) { c.error(new RangeError('r')) } }).getReader(); try { await r.read() } catch (e) { return [e.name, r instanceof ReadableStreamDefaultReader] }",
        r#"["RangeError",true]"#,
    ),
    (
        "Request",
        "const r = new Request('http://a/b#c', { method: 'put', body: '{}', headers: { a: 'b' } }); const c = r.clone(); return [r.method, r.url, await r.json(), await c.text(), r.bodyUsed]",
        r#"["PUT","http://a/b#c",{},"{}",true]"#,
    ),
    (
        "Response",
        "const r = Response.json({ a: 1 }, { status: 404 }); return [r.status, r.ok, r.headers.get('content-type'), await r.json(), Response.redirect('http://a/', 307).headers.get('location')]",
        r#"[404,false,"application/json",{"a":1},"http://a/"]"#,
    ),
    (
        "SubtleCrypto",
        "return [crypto.subtle instanceof SubtleCrypto, new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode('abc'))).toHex()]",
        r#"[true,"a9993e364706816aba3e25717850c26c9cd0d89d"]"#,
    ),
    (
        "TextDecoder",
        "return [new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0xc3, 0xa9, 0xff])), new TextDecoder('windows-1252').decode(new Uint8Array([0x80])), new TextDecoder('euc-kr').encoding, new TextDecoder('utf-16').decode(new Uint8Array([97, 0]))]",
        r#"["é�","€","euc-kr","a"]"#,
    ),
    (
        "TextDecoderStream",
        "const bytes = ReadableStream.from([new Uint8Array([0xe2, 0x82]), new Uint8Array([0xac])]); return (await Array.fromAsync(bytes.pipeThrough(new TextDecoderStream()))).join('')",
        r#""€""#,
    ),
    (
        "TextEncoder",
        "const into = new Uint8Array(4); return [[...new TextEncoder().encode('é\\ud800')], new TextEncoder().encodeInto('aéé', into), [...into]]",
        r#"[[195,169,239,191,189],{"read":2,"written":3},[97,195,169,0]]"#,
    ),
    (
        "TextEncoderStream",
        "const parts = await Array.fromAsync(ReadableStream.from(['\\ud83d', '\\ude00']).pipeThrough(new TextEncoderStream())); return parts.map((part) => [...part])",
        "[[240,159,152,128]]",
    ),
    (
        "TransformStream",
        "const upper = new TransformStream({ transform(chunk, c) { c.enqueue(chunk.toUpperCase()) } }); return Array.fromAsync(ReadableStream.from(['a', 'b']).pipeThrough(upper))",
        r#"["A","B"]"#,
    ),
    (
        "TransformStreamDefaultController",
        "let c; new TransformStream({ start(it) { c = it } }); return c instanceof TransformStreamDefaultController",
        "true",
    ),
    (
        "URL",
        "const u = new URL('../é?a=1#h', 'HTTP://user:pw@Exämple.com:80/x/y/'); u.searchParams.append('b', ' '); u.port = '8080'; return [u.href, u.origin, URL.canParse('x'), URL.parse('x')]",
        r#"["http://user:pw@xn--exmple-cua.com:8080/x/%C3%A9?a=1&b=+#h","http://xn--exmple-cua.com:8080",false,null]"#,
    ),
    (
        "URLSearchParams",
        "const p = new URLSearchParams('b=2&a=1&b=3'); p.sort(); p.delete('b', '3'); return [p.toString(), p.has('a'), p.size]",
        r#"["a=1&b=2",true,2]"#,
    ),
    (
        "WritableStream",
        "const seen = []; const w = new WritableStream({ write(chunk) { seen.push(chunk) }, close() { seen.push('end') } }).getWriter(); await w.write(1); await w.close(); return [seen, w instanceof WritableStreamDefaultWriter]",
        r#"[[1,"end"],true]"#,
    ),
    (
        "WritableStreamDefaultController",
        "let c; new WritableStream({ start(it) { c = it } }); return c instanceof WritableStreamDefaultController",
        "true",
    ),
    ("WritableStreamDefaultWriter", "return typeof WritableStreamDefaultWriter.prototype.releaseLock", r#""function""#),
    ("atob", "try { atob('*') } catch (e) { return [atob(' aG k='), e.name] }", r#"["hi","InvalidCharacterError"]"#),
    ("btoa", "try { btoa('€') } catch (e) { return [btoa('ÿ'), e.name] }", r#"["/w==","InvalidCharacterError"]"#),
    (
        "clearImmediate",
        "let ran = false; clearImmediate(setImmediate(() => { ran = true })); await new Promise((done) => setTimeout(done, 1)); return ran",
        "false",
    ),
    (
        "clearInterval",
        "let count = 0; await new Promise((done) => { const id = setInterval(() => { if (++count === 3) { clearInterval(id); done() } }, 1) }); return count",
        "3",
    ),
    (
        "clearTimeout",
        "let ran = false; clearTimeout(setTimeout(() => { ran = true }, 1)); await new Promise((done) => setTimeout(done, 3)); return ran",
        "false",
    ),
    (
        "console",
        "return [Object.prototype.toString.call(console), Object.getOwnPropertyNames(Object.getPrototypeOf(console)).length]",
        r#"["[object console]",0]"#,
    ),
    (
        "crypto",
        "const a = crypto.getRandomValues(new Uint32Array(4)); return [a.some((n) => n > 0), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/.test(crypto.randomUUID()), crypto.randomUUID() === crypto.randomUUID()]",
        "[true,true,false]",
    ),
    (
        "fetch",
        "const response = await fetch('data:text/plain;base64,aGk='); return [response.type, response.headers.get('content-type'), await response.text()]",
        r#"["basic","text/plain","hi"]"#,
    ),
    ("global", "return global === globalThis", "true"),
    ("navigator", "return navigator.userAgent.split('/')[0]", r#""Dayfly""#),
    (
        "onerror",
        "let seen; onerror = (message) => { seen = message; return true }; reportError(new Error('x')); return seen",
        r#""Uncaught Error: x""#,
    ),
    ("onrejectionhandled", "return onrejectionhandled", "null"),
    ("onunhandledrejection", "return onunhandledrejection", "null"),
    ("performance", "return typeof performance.toJSON()", r#""object""#),
    (
        "process",
        "const order = []; await new Promise((done) => { Promise.resolve().then(() => { order.push('promise'); done() }); process.nextTick((x) => order.push(x), 'tick') }); return [order.length, process.env.NODE_ENV, process.platform, process.hrtime().length, typeof process.hrtime.bigint()]",
        r#"[2,"production","linux",2,"bigint"]"#,
    ),
    ("queueMicrotask", "const order = []; queueMicrotask(() => order.push(1)); await null; return order", "[1]"),
    ("reportError", "try { reportError() } catch (e) { return e.name }", r#""TypeError""#),
    ("self", "return self === globalThis", "true"),
    (
        "setImmediate",
        "const order = []; setTimeout(() => order.push('timeout'), 1); setImmediate((x) => order.push(x), 'immediate'); Promise.resolve().then(() => order.push('microtask')); await new Promise((done) => setTimeout(done, 5)); return order",
        r#"["microtask","immediate","timeout"]"#,
    ),
    (
        "setInterval",
        "let id; const all = await new Promise((done) => { const seen = []; id = setInterval((x) => { seen.push(x); if (seen.length === 2) done(seen) }, 1, 'x') }); clearInterval(id); return all",
        r#"["x","x"]"#,
    ),
    ("setTimeout", "return new Promise((done) => setTimeout((...values) => done(values), 1, 1, 2))", "[1,2]"),
    (
        "structuredClone",
        "const o = { d: new Date(5), m: new Map([[1, new Set(['x'])]]), e: new RangeError('r', { cause: 1 }), b: new Uint8Array([1, 2]), s: [, 1] }; o.self = o; const c = structuredClone(o); const moved = new ArrayBuffer(8); const there = structuredClone({ moved }, { transfer: [moved] }); let refused; try { structuredClone({ f() {} }) } catch (e) { refused = e.name } return [c.d.getTime(), [...c.m.get(1)], c.e.name, c.e.cause, c.b[1], 0 in c.s, c.self === c, moved.byteLength, there.moved.byteLength, refused]",
        r#"[5,["x"],"RangeError",1,2,false,true,0,8,"DataCloneError"]"#,
    ),
    // What bundles for Node import.
    (
        "node:assert",
        "const { default: assert } = await import('node:assert'); try { assert.equal(1, 2) } catch (e) { return e.name }",
        r#""AssertionError""#,
    ),
    (
        "node:async_hooks",
        "const { AsyncLocalStorage } = await import('node:async_hooks'); const a = new AsyncLocalStorage(); const seen = []; await Promise.all([1, 2].map((id) => a.run(id, async () => { await null; await new Promise((done) => setTimeout(done, 1)); seen.push(a.getStore()) }))); return [seen, a.getStore() === undefined]",
        "[[1,2],true]",
    ),
    ("node:buffer", "const { Buffer: B } = await import('buffer'); return B === Buffer", "true"),
    (
        "node:crypto",
        "const { createHash, randomBytes, randomUUID, webcrypto } = await import('node:crypto'); return [randomBytes(70000).length, randomUUID().length, webcrypto === crypto, createHash('md5').update('a').digest('hex')]",
        r#"[70000,36,true,"0cc175b9c0f1b6a831c399e269772661"]"#,
    ),
    (
        "node:events",
        "const { EventEmitter, once } = await import('node:events'); const e = new EventEmitter(); setTimeout(() => e.emit('go', 1), 1); return once(e, 'go')",
        "[1]",
    ),
    (
        "node:fs",
        "const { readFileSync } = await import('node:fs'); try { readFileSync('/etc/passwd') } catch (e) { return e.message }",
        r#""fs.readFileSync is not there: a sandbox has no files, no sockets and no processes""#,
    ),
    (
        "node:path",
        "const path = await import('node:path'); return [path.join('/a', '../b'), path.extname('x.js'), path.posix.sep]",
        r#"["/b",".js","/"]"#,
    ),
    (
        "node:stream",
        "const { PassThrough, Transform, pipeline } = await import('node:stream'); const upper = new Transform({ transform(chunk, _, done) { done(null, String(chunk).toUpperCase()) } }); const out = new PassThrough(); pipeline(upper, out, () => {}); upper.end('ab'); let text = ''; for await (const chunk of out) text += chunk; return text",
        r#""AB""#,
    ),
    (
        "node:timers/promises",
        "const { setTimeout: wait } = await import('node:timers/promises'); return wait(1, 'v')",
        r#""v""#,
    ),
    (
        "node:url",
        "const { fileURLToPath, pathToFileURL } = await import('node:url'); return [fileURLToPath('file:///a b'), pathToFileURL('/a').href]",
        r#"["/a b","file:///a"]"#,
    ),
    (
        "node:util",
        "const { inspect, promisify, types, isDeepStrictEqual } = await import('node:util'); return [inspect({ a: [1, { b: 2 }] }), await promisify((x, done) => done(null, x + 1))(1), types.isPromise(Promise.resolve()), isDeepStrictEqual({ a: 1 }, { a: 1 }), inspect([function* h() {}, async () => {}, async function* g() {}, class C {}])]",
        r#"["{ a: [ 1, { b: 2 } ] }",2,true,true,"[\n  [GeneratorFunction: h],\n  [AsyncFunction (anonymous)],\n  [AsyncGeneratorFunction: g],\n  [class C]\n]"]"#,
    ),
];

/// What the language has, which test262 is for.
const LANGUAGE: &[&str] = &[
    "AggregateError",
    "Array",
    "ArrayBuffer",
    "AsyncDisposableStack",
    "Atomics",
    "BigInt",
    "BigInt64Array",
    "BigUint64Array",
    "Boolean",
    "DataView",
    "Date",
    "DisposableStack",
    "Error",
    "EvalError",
    "FinalizationRegistry",
    "Float16Array",
    "Float32Array",
    "Float64Array",
    "Function",
    "Infinity",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "InternalError",
    "Iterator",
    "JSON",
    "Map",
    "Math",
    "NaN",
    "Number",
    "Object",
    "Promise",
    "Proxy",
    "RangeError",
    "ReferenceError",
    "Reflect",
    "RegExp",
    "Set",
    "String",
    "SuppressedError",
    "Symbol",
    "SyntaxError",
    "TypeError",
    "URIError",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "WeakMap",
    "WeakRef",
    "WeakSet",
    "decodeURI",
    "decodeURIComponent",
    "encodeURI",
    "encodeURIComponent",
    "escape",
    "eval",
    "globalThis",
    "isFinite",
    "isNaN",
    "parseFloat",
    "parseInt",
    "undefined",
    "unescape",
];

#[test]
fn every_global_does_what_its_standard_says() {
    let functions: Vec<String> = ROWS.iter().map(|(_, body, _)| format!("async () => {{ {body} }}")).collect();
    let app = App::named(
        "app.mjs",
        &format!(
            "const rows = [{}]; export const render = async ({{ row }}) => JSON.stringify(await rows[row]())",
            functions.join(",\n")
        ),
    );
    let mut wrong = Vec::new();
    for (row, (name, _, expected)) in ROWS.iter().enumerate() {
        let rendered = app.render(&format!("{{\"row\":{row}}}"));
        match &rendered.0.page {
            Ok(_) if rendered.page() == *expected => {}
            Ok(_) => wrong.push(format!("{name}: {}, not {expected}", rendered.page())),
            Err(failure) => wrong.push(format!("{name}: {failure} {:?}", rendered.console())),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_global_has_its_row_and_its_line_in_the_documentation() {
    let documentation = std::fs::read_to_string(root().join("GLOBALS.md")).unwrap();
    let listed = include_str!("../apps/globals.txt");
    for name in listed.lines().filter(|name| *name != "render" && !LANGUAGE.contains(name)) {
        assert!(ROWS.iter().any(|(row, ..)| *row == name), "{name} is not tested");
        assert!(documentation.contains(&format!("`{name}`")), "{name} is not in GLOBALS.md");
    }
    for (name, ..) in ROWS {
        assert!(documentation.contains(&format!("`{name}`")), "{name} is not in GLOBALS.md");
    }
}

#[test]
fn what_is_left_open_at_the_top_level_of_our_own_code_is_no_notice() {
    let artifact = crate::support::artifact(
        "app.mjs",
        "const channel = new MessageChannel(); channel.port1.onmessage = () => {}; const signal = new AbortController().signal;
         export const render = () => String(signal.aborted)",
    );
    assert_eq!(artifact.notices, []);
}

#[test]
fn urls_are_the_standards_where_parsers_are_known_to_differ() {
    let app = App::new(
        r#"const parse = (url, base) => { const { href, host, pathname } = new URL(url, base); return [href, host, pathname].join(' ') };
         const set = (url, part, value) => { const it = new URL(url); it[part] = value; return it.href };
         globalThis.render = () => JSON.stringify([
           parse('file:///w|/m'), parse('/', 'file://h/C:/a/b'), parse('file:\\\\//'), parse('non-spec:/a/..//path'),
           parse('..//path', 'non-spec:/p'), parse('non-spec:opaque  ?hi'), parse('///test', 'http://example.org/'),
           parse('http://a/^?^'), parse('file://EX\u00c4MPLE/'), parse('foo://u:p@[::1]:8/a?b#c'), parse('ht\ntps://a\tb/c'),
           set('non-spec:/.//p', 'hostname', 'h'), set('non-spec:/', 'pathname', '//p'), set('foo:///some/path', 'pathname', ''),
           set('http://a/', 'pathname', '^'), set('https://a:80/', 'protocol', 'http'), set('http://a/', 'protocol', 'foo'),
           set('foo://u:p@h:8/a?b#c', 'username', 'v'), set('foo://h/a?b#c', 'search', ''), set('file:///a', 'host', 'b'),
           new URL('blob:ftp://host/path').origin, new URL('blob:https://host/path').origin,
           ['http://a b/', 'foo://a b/', 'file://a b/', '/x'].map((url) => URL.canParse(url)),
         ])"#,
    );
    let expected = [
        "file:///w:/m  /w:/m",
        "file://h/C:/ h /C:/",
        "file:////  //",
        "non-spec:/.//path  //path",
        "non-spec:/.//path  //path",
        "non-spec:opaque %20?hi  opaque %20",
        "http://test/ test /",
        "http://a/%5E?^ a /%5E",
        "file://xn--exmple-cua/ xn--exmple-cua /",
        "foo://u:p@[::1]:8/a?b#c [::1]:8 /a",
        "https://ab/c ab /c",
        "non-spec://h//p",
        "non-spec:/.//p",
        "foo://",
        "http://a/%5E",
        "http://a/",
        "http://a/",
        "foo://v:p@h:8/a?b#c",
        "foo://h/a#c",
        "file://b/a",
        "null",
        "https://host",
    ];
    let mut page: Vec<serde_json::Value> = serde_json::from_str(&app.render("{}").page()).unwrap();
    assert_eq!(page.pop().unwrap(), serde_json::json!([false, false, false, false]));
    assert_eq!(page, expected);
}

#[test]
fn urls_with_opaque_paths_are_the_standards_and_cost_little() {
    let app = App::new(
        r#"const set = (url, part, value) => { const it = new URL(url); it[part] = value; return it.href };
         globalThis.render = async () => {
           const long = new URL('data:,' + 'x'.repeat(5e5));
           long.hash = 'a b';
           const font = await fetch('data:font/woff2;base64,' + 'AAAA'.repeat(15e3));
           const parts = ({ href, origin, protocol, host, pathname, search, hash }) => [href, origin, protocol, host, pathname, search, hash];
           return JSON.stringify([
             long.href.length, (await font.arrayBuffer()).byteLength, font.url.length, parts(new URL(' DATA:a b?c d#e f ')),
             ['data:x  ?y', 'data: #', 'mailto:ä\u0001"<>', 'a:\t\nb?\'"<>#`^', 'javascript:', 'data:?', 'x:y#'].map((url) => new URL(url).href),
             new URL('data:x', 'http://a/').href, URL.canParse('data:x', 'no base'), new URL('#f', 'data:x').href,
             [['data:x?y#z', 'hash', ''], ['data:x?y#z', 'hash', '#'], ['data:x?y#z', 'search', ''], ['data:x#z', 'search', 'a#b c'],
              ['data:x ?y', 'search', ''], ['data:x', 'hash', 'a\tb '], ['data:x', 'pathname', '/y'], ['data:x', 'protocol', 'foo']].map((it) => set(...it)),
           ]);
         }"#,
    );
    let page: serde_json::Value = serde_json::from_str(&app.render("{}").page()).unwrap();
    let expected = serde_json::json!([
        500_012,
        45_000,
        60_023,
        ["data:a b?c%20d#e%20f", "null", "data:", "", "a b", "?c%20d", "#e%20f"],
        ["data:x %20?y", "data:%20#", "mailto:%C3%A4%01\"<>", "a:b?'%22%3C%3E#%60^", "javascript:", "data:?", "x:y#"],
        "data:x",
        false,
        "data:x#f",
        ["data:x?y", "data:x?y#", "data:x#z", "data:x?a%23b%20c#z", "data:x%20", "data:x#ab%20", "data:x", "foo:x"],
    ]);
    assert_eq!(page, expected);
}

#[test]
fn a_signal_with_a_time_fires_when_it_is_over() {
    let app = App::new(
        "globalThis.render = async () => {
           const wait = (time) => new Promise((done) => setTimeout(done, time));
           const begun = performance.now();
           const signal = AbortSignal.timeout(300); const never = AbortSignal.timeout(2 ** 40);
           await wait(50);
           const before = signal.aborted;
           await new Promise((done) => signal.addEventListener('abort', done));
           return JSON.stringify([before, performance.now() - begun >= 299, signal.reason.name, never.aborted]);
         }",
    );
    assert_eq!(app.render("{}").page(), r#"[false,true,"TimeoutError",false]"#);
}

#[test]
fn requests_and_responses_are_what_the_fetch_standard_says() {
    let app = App::new(
        r#"const told = (make) => { try { return make(); } catch (e) { return e.name; } };
         globalThis.render = async () => {
           const stream = () => new ReadableStream({ start(c) { c.close() } });
           const bytes = new Response('abc').body.getReader({ mode: 'byob' });
           const first = await bytes.read(new Uint8Array(2)), rest = await bytes.read(new Uint8Array(2)), end = await bytes.read(new Uint8Array(2));
           const empty = await new Response('').body.getReader({ mode: 'byob' }).read(new Uint8Array(1));
           const [one, two] = [new Response(new Uint8Array([1, 2])), new Response('x')].map((it) => [it, it.clone()]);
           await one[0].body.getReader().read();
           return JSON.stringify([
             await new Response('\uFEFF{}').json(), (await new Response('\uFEFF\uFEFFa\uD800').text()).length,
             await new Request('http://a', { method: 'POST', body: '\uFEFFa' }).text(),
             told(() => new Response(null, { status: 101 })), told(() => new Response(null, { status: 600 })),
             told(() => new Request('http://a', { method: 'POST', body: stream() })),
             told(() => new Request('http://a', { method: 'POST', body: stream(), duplex: 'full' })),
             new Request('http://a', { method: 'POST', body: stream(), duplex: 'half' }).duplex,
             new Request('http://b', new Request('http://a', { method: 'POST', body: stream(), duplex: 'half' })).method,
             ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'].every((name) => Response.prototype[name].name === name && Request.prototype[name].name === name),
             Object.getOwnPropertyDescriptor(Request.prototype, 'body').get.name,
             [...first.value, ...rest.value], end.done, empty.done, [...await one[1].bytes()], await two[1].text(),
           ]);
         }"#,
    );
    assert_eq!(
        app.render("{}").page(),
        r#"[{},3,"a","RangeError","RangeError","TypeError","TypeError","half","POST",true,"get body",[97,98,99],true,true,[1,2],"x"]"#
    );
}

#[test]
fn names_of_a_form_survive_its_way_over_the_wire() {
    let app = App::new(
        r#"globalThis.render = async () => {
             const form = new FormData();
             for (const name of ['a"b', 'c;d=e', 'f\r\ng', '☃', '%41']) form.append(name, new File(['x'], name.replace(/\s+/, ' ') + '.txt'));
             const read = await new Response(form).formData();
             return JSON.stringify([...read].map(([name, file]) => [name, file.name]));
           }"#,
    );
    assert_eq!(
        app.render("{}").page(),
        r#"[["a\"b","a\"b.txt"],["c;d=e","c;d=e.txt"],["f\r\ng","f g.txt"],["☃","☃.txt"],["%41","%41.txt"]]"#
    );
}

#[test]
fn what_the_standards_refuse_is_refused_and_what_they_have_is_there() {
    let app = App::new(
        r#"const told = (make) => { try { return make(); } catch (e) { return e.name; } };
         const buffer = new ArrayBuffer(1);
         const attributes = ['destination', 'referrer', 'referrerPolicy', 'mode', 'credentials', 'cache', 'integrity', 'keepalive',
           'isReloadNavigation', 'isHistoryNavigation'];
         globalThis.render = () => {
           const event = new Event('x'); event.initEvent('y', true, true);
           const exception = new DOMException('m', 'AbortError');
           return JSON.stringify([
             told(() => new Request('https://a:b@c/')), told(() => new Request('https://a@c/')), new Request('https://c/a@b').url,
             told(() => new FormData().append('a', 'b', 'c')), told(() => new FormData().set('a', 'b', 'c')),
             told(() => new EventTarget().addEventListener('x', 5)), told(() => new EventTarget().addEventListener('x', null)),
             told(() => structuredClone(buffer, { transfer: [buffer, buffer] })), buffer.byteLength,
             attributes.map((name) => new Request('http://a/')[name]),
             [event.type, event.bubbles, event.cancelable, Event.prototype.initEvent.length],
             ['initialized' in event, 'getParent' in new EventTarget()],
             [exception, new DOMException('', 'AbortError'), structuredClone(exception)].map((it) => it.stack.split('\n')[0]),
           ]);
         }"#,
    );
    assert_eq!(
        app.render("{}").page(),
        r#"["TypeError","TypeError","https://c/a@b","TypeError","TypeError","TypeError",null,"DataCloneError",1,["","about:client","","cors","same-origin","default","",false,false,false],["y",true,true,1],[false,false],["AbortError: m","AbortError","AbortError: m"]]"#
    );
}

#[test]
fn a_form_that_is_cut_short_is_none() {
    let app = App::new(
        r#"const part = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n';
         const bodies = [part + '--b--', part + '--b--\r\n', '--b--', part, part + '--b', part + part + '--b\r\nContent-Disposition: form-data; name="c"\r\n\r\n3',
           '--b\r\n\r\n1\r\n' + part + '--b--', '--b\r\nX-Y: 1\r\n\r\n1\r\n--b--', ''];
         const read = async (body) => {
           try { return [...await new Response(body, { headers: { 'content-type': 'multipart/form-data; boundary=b' } }).formData()].length; } catch (e) { return e.name; }
         };
         globalThis.render = async () => JSON.stringify(await Promise.all(bodies.map(read)))"#,
    );
    let refused = ["\"TypeError\""; 6].join(",");
    assert_eq!(app.render("{}").page(), format!("[1,1,0,{refused}]"));
}

#[test]
fn a_handler_that_gives_false_has_seen_to_the_event() {
    let app = App::new(
        "globalThis.render = async () => {
           onunhandledrejection = () => false;
           Promise.reject(new Error('seen to'));
           const signal = new AbortController().signal; let event;
           signal.onabort = (e) => { event = e; return false; };
           signal.dispatchEvent(new Event('abort', { cancelable: true }));
           await new Promise((done) => setTimeout(done, 1));
           return String(event.defaultPrevented);
         }",
    );
    let rendered = app.render("{}");
    assert_eq!((rendered.page(), rendered.console()), ("true".to_owned(), Vec::new()));
}

#[test]
fn views_of_resizable_buffers_are_cloned_as_what_they_are() {
    let app = App::new(
        "globalThis.render = () => {
           const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
           const views = structuredClone([new Uint8Array(buffer), new Uint8Array(buffer, 0, 4), new DataView(buffer, 4)]);
           views[0].buffer.resize(12);
           const cut = new Uint8Array(buffer, 4); const gone = new Uint8Array(buffer, 4, 4);
           buffer.resize(4);
           const refused = [gone, new Proxy({}, {}), new AbortController().signal].map((value, index) => {
             try { return index === 2 ? structuredClone(value, { transfer: [value] }) : structuredClone(value); } catch (e) { return e.name; } });
           return JSON.stringify([views.map((view) => view.byteLength), structuredClone(cut).length, refused]);
         }",
    );
    assert_eq!(app.render("{}").page(), r#"[[12,4,8],0,["DataCloneError","DataCloneError","DataCloneError"]]"#);
}

#[test]
fn a_timer_runs_a_text_as_a_script_and_refuses_what_is_none() {
    let app = App::new(
        "globalThis.seen = [];
         globalThis.render = () => new Promise((done) => {
           setTimeout({ toString: () => { setTimeout(\"seen.push('inner')\", 1); return \"var made = 1; seen.push('outer', made)\"; } }, 2);
           try { setTimeout(undefined, 1) } catch (e) { seen.push(e.name) }
           setTimeout(() => done(JSON.stringify([seen, typeof made])), 5);
         })",
    );
    assert_eq!(app.render("{}").page(), r#"[["TypeError","inner","outer",1],"number"]"#);
}

#[test]
fn what_the_standards_say_of_names_and_of_the_first_reading_of_the_clock_holds() {
    let app = App::new(
        "globalThis.render = () => JSON.stringify([
           new CountQueuingStrategy({ highWaterMark: 1 }).size.name, new ByteLengthQueuingStrategy({ highWaterMark: 1 }).size.name,
           performance.now() > 0, performance.timeOrigin + performance.now() - Date.now() < 1 ])",
    );
    assert_eq!(app.render("{}").page(), r#"["size","size",true,true]"#);
}

#[test]
fn tasks_that_go_on_for_ever_do_not_hold_timers_up() {
    for again in ["setImmediate(poll)", "channel.port2.postMessage(1)"] {
        let app = App::new(&format!(
            "const channel = new MessageChannel();
             globalThis.render = () => new Promise((done) => {{
               let over = false; setTimeout(() => {{ over = true; }}, 10);
               const poll = () => {{ if (over) done('over'); else {again}; }};
               channel.port1.onmessage = poll; poll();
             }})"
        ));
        assert_eq!(app.render("{}").page(), "over", "{again}");
    }
}

#[test]
fn what_the_top_level_posted_is_dropped_and_the_port_lives() {
    let app = App::new(
        "const channel = new MessageChannel(); let got; channel.port1.onmessage = (e) => got(e.data); channel.port2.postMessage('lost');
         globalThis.render = () => new Promise((done) => { got = done; channel.port2.postMessage('new'); })",
    );
    assert_eq!(app.render("{}").page(), "new");
}

#[test]
fn a_timer_that_the_top_level_kept_names_no_timer_of_a_render() {
    let app = App::new(
        "const kept = [setTimeout(() => {}, 5), setImmediate(() => {})];
         globalThis.render = () => new Promise((done) => {
           setTimeout(() => setImmediate(() => done('fired')), 1); clearTimeout(kept[0]); clearImmediate(kept[1]); })",
    );
    assert_eq!(app.render("{}").page(), "fired");
}

#[test]
fn decoders_keep_apart_and_text_loses_its_byte_order_mark() {
    let app = App::new(
        "globalThis.render = async () => {
           const one = new TextDecoder('utf-8', { fatal: true }); const seen = [];
           try { one.decode(new Uint8Array([0xff]), { stream: true }); } catch (e) { seen.push(e.name); }
           const two = new TextDecoder(); two.decode(new Uint8Array([0xe2]), { stream: true });
           seen.push(one.decode(new Uint8Array([97]), { stream: true }), two.decode(new Uint8Array([0x82, 0xac])), one.decode());
           const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x5b, 0x5d]);
           seen.push(await new Response(bytes).text(), (await new Response(bytes).json()).length, await new Blob([bytes]).text());
           return JSON.stringify(seen);
         }",
    );
    assert_eq!(app.render("{}").page(), r#"["TypeError","a","€","","[]",0,"[]"]"#);
}

#[test]
fn commonjs_runs_unchanged() {
    for (name, text) in [
        ("app.cjs", "const { join } = require('path'); module.exports = { render: () => join('a', 'b') }"),
        ("app.cjs", "exports.render = () => require('node:path').join('a', 'b')"),
        ("app.js", "module.exports = () => require('path').join('a', 'b')"),
        (
            "app.js",
            "(function (root, make) { typeof exports === 'object' ? make(exports) : make(root.app = {}) })(this, (e) => { e.render = () => 'a/b' })",
        ),
    ] {
        assert_eq!(App::named(name, text).render("{}").page(), "a/b", "{text}");
    }
    let refusal = crate::support::build("app.cjs", "require('left-pad')").artifact.unwrap_err().to_string();
    assert!(refusal.contains("Cannot find module 'left-pad'"), "{refusal}");
}
