//! How the console shows values: as Node 20 does, whatever it is given, and bounded.

use std::time::Duration;

use crate::support::App;

/// The console's lines of a render with this body.
fn console(body: &str) -> Vec<String> {
    let rendered = App::new(&format!("globalThis.render = () => {{ {body}; return '' }}")).render("{}");
    assert_eq!(rendered.page(), "", "{rendered:?}");
    rendered.console()
}

/// Lines without where their errors were made.
fn headlines(body: &str) -> Vec<String> {
    let without = |line: String| {
        let kept: Vec<&str> = line.lines().filter(|line| !line.trim_start().starts_with("at ")).collect();
        kept.join("\n").strip_prefix("log: ").unwrap().to_owned()
    };
    console(body).into_iter().map(without).collect()
}

#[test]
fn an_error_is_shown_by_the_name_and_the_message_that_it_has_now() {
    let lines = headlines(
        "class Validation extends Error { constructor(m) { super(m); this.name = 'ValidationError' } }
         class Other extends Error { constructor(m) { super(m); this.name = 'Another' } }
         class Plain extends Error {}
         class Traced extends Error { constructor(m) { super(m); Error.captureStackTrace(this, Traced); this.name = 'TracedError' } }
         console.log(new Validation('bad')); console.log(new Other('bad')); console.log(new Plain('bad'));
         console.log(new Traced('bad'));
         const changed = new Error('a'); changed.message = 'b'; console.log(changed);
         const named = new Error('a'); named.name = 'Foo'; console.log([named]);
         const own = new Error('a'); own.stack = 'as it is'; console.log(own);
         const lines = new Error('two\\n    at lines'); lines.name = 'LinesError'; console.log(lines);
         console.log(new DOMException('m', 'AbortError')); console.log({ a: new DOMException('m', 'AbortError') });
         console.log(new DOMException('m'));
         const without = new Error('without'); without.stack = undefined; console.log(without, Object.keys(own));
         const same = new Error('same'); delete same.stack; console.log(same)",
    );
    assert_eq!(
        lines,
        [
            "Validation [ValidationError]: bad",
            "Another: bad",
            "Plain [Error]: bad",
            "Traced [TracedError]: bad",
            "Error: b",
            "[\n  Foo: a\n]",
            "[as it is]",
            "Error [LinesError]: two",
            "DOMException [AbortError]: m",
            "{\n  a: DOMException [AbortError]: m\n}",
            "DOMException [Error]: m",
            "[Error: without] []",
            "Error: same",
        ]
    );
    let stack = &console(
        "class ValidationError extends Error { constructor(m) { super(m); this.name = 'ValidationError' } }
        console.log(new ValidationError('bad'))",
    )[0];
    assert!(stack.starts_with("log: ValidationError: bad\n    at ValidationError ("), "{stack}");
    let stack = &console("console.log(new DOMException('m', 'AbortError'))")[0];
    assert!(stack.starts_with("log: DOMException [AbortError]: m\n    at "), "{stack}");
}

#[test]
fn a_value_that_cannot_be_shown_takes_no_other_with_it() {
    assert_eq!(
        console(
            "class Odd extends Map { get size() { throw new Error('size') } }
             console.log('a', Uint8Array.prototype, Promise.prototype, Object.create(RegExp.prototype), 'b');
             console.log('a', { [Symbol.for('nodejs.util.inspect.custom')]() { throw new Error('custom') } }, [1], 'b');
             console.log('a', new Odd([[1, 2]]), 'b');
             console.log('%s and %d', { a: 1, toString() { throw new Error('toString') } }, 5);
             console.dir({ a: 1 }, { get depth() { throw new Error('depth') } })"
        ),
        [
            "log: a TypedArray {} Object [Promise] {} RegExp {} b",
            "log: a [a value that cannot be shown: Error: custom] [ 1 ] b",
            "log: a [a value that cannot be shown: Error: size] b",
            "log: { a: 1, toString: [Function: toString] } and 5",
            "log: [a value that cannot be shown: Error: depth]",
        ]
    );
}

#[test]
fn iterators_are_shown_with_what_they_have_still_to_give() {
    assert_eq!(
        console(
            "const map = new Map([[1, 2], [3, 4], [5, 6]]); const set = new Set([5, 6]);
             const begun = map.values(); begun.next(); map.delete(1);
             const ended = set.values(); [...ended];
             console.log(map.entries(), set.values(), begun, ended, map.keys(), set.entries());
             console.log(begun.next().value);
             console.table(new Map([['k', 1]]).entries())"
        ),
        [
            "log: [Map Entries] { [ 3, 4 ], [ 5, 6 ] } [Set Iterator] { 5, 6 } [Map Iterator] { 4, 6 } [Set Iterator] {  } \
             [Map Iterator] { 3, 5 } [Set Entries] { [ 5, 5 ], [ 6, 6 ] }",
            "log: 4",
            "log: ┌───────────────────┬─────┬────────┐\n│ (iteration index) │ Key │ Values │\n\
             ├───────────────────┼─────┼────────┤\n│ 0                 │ 'k' │ 1      │\n\
             └───────────────────┴─────┴────────┘",
        ]
    );
}

#[test]
fn what_is_shown_is_bounded_before_it_is_put_together() {
    let app = App::new(
        "globalThis.render = () => {
           const long = 'x'.repeat(1e7);
           console.log({ [long]: 1 }); console.table({ [long]: 1 }); console.log({ [Symbol(long)]: 1 });
           console.table([{ [long]: long }]);
           console.dir(Array.from({ length: 1e5 }, () => ({ a: 1 })), { maxArrayLength: null });
           console.dir(long, { maxStringLength: null });
           return '';
         }",
    );
    let wide = app.with(|limits| {
        limits.console_bytes = 64 << 20;
        limits.cpu = Duration::from_secs(5);
    });
    let rendered = wide.render("{}");
    assert_eq!(rendered.page(), "", "{:?}", rendered.0.usage);
    let lines = rendered.console();
    let lengths: Vec<usize> = lines.iter().map(|line| line.chars().count()).collect();
    assert!(lengths[..3].iter().all(|length| *length < 11_000), "{lengths:?}");
    assert!(lengths.iter().all(|length| *length < 270_000), "{lengths:?}");
}

#[test]
fn long_texts_and_many_of_them_cost_little() {
    let app = App::new(
        "globalThis.render = () => {
           console.log(Array.from({ length: 100 }, () => 'y'.repeat(9999)));
           console.log('\\n'.repeat(9999), ['\\n'.repeat(9999)], Array.from({ length: 100 }, () => 'é'.repeat(500)));
           console.log(Array.from({ length: 1000 }, (_, index) => index));
           return '';
         }",
    );
    let bounded = app.with(|limits| {
        limits.fuel = Some(3_000_000_000);
        limits.console_bytes = 4 << 20;
        limits.cpu = Duration::from_secs(20);
    });
    let rendered = bounded.render("{}");
    assert_eq!(rendered.page(), "", "{:?}", rendered.0.usage);
}

#[test]
fn a_table_is_as_wide_as_what_is_in_it() {
    assert_eq!(
        console("console.table([{ a: '日本', b: 1 }, { a: 'x', b: '👍' }]); console.table([1, 2], ['x'])"),
        [
            "log: ┌─────────┬────────┬──────┐\n│ (index) │ a      │ b    │\n├─────────┼────────┼──────┤\n\
             │ 0       │ '日本' │ 1    │\n│ 1       │ 'x'    │ '👍' │\n└─────────┴────────┴──────┘",
            "log: ┌─────────┬───┐\n│ (index) │ x │\n├─────────┼───┤\n│ 0       │   │\n│ 1       │   │\n└─────────┴───┘",
        ]
    );
}

#[test]
fn the_webs_classes_show_the_fields_that_nodes_do() {
    assert_eq!(
        console(
            "console.log(new Proxy({ a: 1 }, {}), new AbortController()); console.log(new URL('http://a/?b=1#c'));
             console.log(new Response('x', { status: 404 })); console.log(crypto, new File(['a'], 'n.txt', { lastModified: 5 }));
             console.log(new WritableStream(), new URLSearchParams('a=1').entries(), new URLSearchParams('a=1').keys());
             console.log(new Event('foo')); console.log(new CustomEvent('foo', { detail: 1 }))"
        ),
        [
            "log: { a: 1 } AbortController { signal: AbortSignal { aborted: false } }",
            "log: URL {\n  href: 'http://a/?b=1#c',\n  origin: 'http://a',\n  protocol: 'http:',\n  username: '',\n  password: '',\n  \
             host: 'a',\n  hostname: 'a',\n  port: '',\n  pathname: '/',\n  search: '?b=1',\n  \
             searchParams: URLSearchParams { 'b' => '1' },\n  hash: '#c'\n}",
            "log: Response {\n  status: 404,\n  statusText: '',\n  headers: Headers { 'content-type': 'text/plain;charset=UTF-8' },\n  \
             body: ReadableStream { locked: false, state: 'readable', supportsBYOB: true },\n  bodyUsed: false,\n  ok: false,\n  \
             redirected: false,\n  type: 'default',\n  url: ''\n}",
            "log: Crypto {} File { size: 1, type: '', name: 'n.txt', lastModified: 5 }",
            "log: WritableStream { locked: false, state: 'writable' } URLSearchParams Iterator { [ 'a', '1' ] } \
             URLSearchParams Iterator { 'a' }",
            "log: Event {\n  type: 'foo',\n  defaultPrevented: false,\n  cancelable: false,\n  timeStamp: 0\n}",
            "log: CustomEvent {\n  type: 'foo',\n  defaultPrevented: false,\n  cancelable: false,\n  timeStamp: 0\n}",
        ]
    );
}
