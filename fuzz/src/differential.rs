//! The same program in Dayfly and in Node.
//!
//! The bytes are choices: which statement, which operator, which value comes next. So every input is a program that parses, and
//! most of one that is changed a little stays what it was. A program writes what it computes into a list, which is compared as text.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex};

use dayfly::{Bundle, Limits};
use dayfly_bundler::{Bundler, Source};

use super::shared::{BUNDLER, ENGINE, RUNTIME, nothing_is_left};

/// What a page has that was computed; `Node` is the other one.
#[derive(Debug, PartialEq, Eq)]
enum Ran {
    Page(String),
    /// The name of what it threw.
    Threw(String),
}

/// Runs the program that the bytes choose in both, and compares.
pub fn run(bytes: &[u8]) {
    let program = program(bytes);
    let Some(ours) = in_dayfly(&program) else { return };
    let Some(theirs) = in_node(&program) else { return };
    assert_eq!(ours, theirs, "Dayfly and Node differ on\n{program}");
}

/// The text of the program.
pub fn program(bytes: &[u8]) -> String {
    let mut writer = Writer { choices: bytes.iter(), text: String::new(), depth: 0 };
    for _ in 0..24 {
        if writer.choices.len() == 0 {
            break;
        }
        writer.statement();
    }
    let body = &writer.text;
    // What a value is, told apart where a text of it would not.
    format!(
        "globalThis.render = () => {{\n  const out = [];\n  const show = (value, depth = 0) => {{\n    \
         if (typeof value === 'string') return JSON.stringify(value);\n    \
         if (Object.is(value, -0)) return '-0';\n    \
         if (typeof value === 'bigint') return value + 'n';\n    \
         if (typeof value === 'symbol') return 'symbol';\n    \
         if (typeof value === 'function') return 'function';\n    \
         if (value === null || typeof value !== 'object') return String(value);\n    \
         if (depth > 2) return 'deep';\n    \
         if (Array.isArray(value)) return '[' + value.slice(0, 20).map((one) => show(one, depth + 1)) + ']' + value.length;\n    \
         return '{{' + Object.keys(value).slice(0, 20).map((key) => JSON.stringify(key) + ':' + show(value[key], depth + 1)) + '}}';\n  }};\n  \
         const log = (value) => {{ if (out.length < 200) out.push(show(value).slice(0, 2000)); }};\n  \
         let budget = 200;\n  const tick = () => {{ if (--budget < 0) throw new RangeError('budget'); }};\n  \
         let a = 1, b = 'two', c = [3, 'x', , null], d = {{ p: 1, q: 'r' }}, e = 0.5, f = (x) => {{ tick(); return x; }};\n  \
         try {{\n{body}  }} catch (error) {{ out.push('threw ' + (error && error.name)); }}\n  \
         log([a, b, c, d, e]);\n  return out.join('\\n');\n}};\n"
    )
}

struct Writer<'a> {
    choices: std::slice::Iter<'a, u8>,
    text: String,
    depth: u32,
}

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

const VALUES: [&str; 28] = [
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "3.5",
    "1e21",
    "NaN",
    "Infinity",
    "2147483647",
    "4294967296",
    "9007199254740993",
    "''",
    "'abc'",
    "'1'",
    "'é𝒳'",
    "'\\ud83d'",
    "null",
    "undefined",
    "true",
    "false",
    "[]",
    "[1, , 3]",
    "({})",
    "10n",
    "-3n",
    "/a(b)?/g",
    "new Date(86400000)",
];

const BINARY: [&str; 24] = [
    "+", "-", "*", "/", "%", "**", "==", "!=", "===", "!==", "<", ">", "<=", ">=", "&", "|", "^", "<<", ">>", ">>>",
    "&&", "||", "??", ",",
];

// Not `delete`, of a name: a syntax error where the code is strict, as it is in a class.
const UNARY: [&str; 6] = ["-", "+", "!", "~", "typeof ", "void "];

const METHODS: [&str; 40] = [
    "toString()",
    "slice(1)",
    "slice(-2, 9)",
    "concat(b)",
    "indexOf('x')",
    "includes(1)",
    "at(-1)",
    "split('')",
    "join('-')",
    "map((x) => x + 1)",
    "filter(Boolean)",
    "reverse()",
    "sort()",
    "flat()",
    "push(a)",
    "pop()",
    "shift()",
    "splice(1, 1, b)",
    "padStart(5, '*')",
    "repeat(2)",
    "replace('b', '[$&]')",
    "replace(/[a-z]/g, (x) => x + x)",
    "toUpperCase()",
    "trim()",
    "charCodeAt(0)",
    "codePointAt(0)",
    "localeCompare('b')",
    "normalize('NFD')",
    "toFixed(2)",
    "toString(16)",
    "toPrecision(3)",
    "hasOwnProperty('p')",
    "valueOf()",
    "constructor.name",
    "length",
    "p",
    "q",
    "match(/(?<n>[0-9]+)/)",
    "toSorted()",
    "with(0, a)",
];

const CALLS: [&str; 20] = [
    "String",
    "Number",
    "Boolean",
    "parseInt",
    "parseFloat",
    "isNaN",
    "JSON.stringify",
    "Object.keys",
    "Object.entries",
    "Math.round",
    "Math.trunc",
    "Math.sign",
    "Math.fround",
    "Math.clz32",
    "Array.from",
    "Array.of",
    "encodeURIComponent",
    "structuredClone",
    "BigInt",
    "f",
];

impl Writer<'_> {
    fn choose(&mut self) -> usize {
        self.choices.next().map_or(0, |byte| usize::from(*byte))
    }

    fn one_of(&mut self, texts: &[&str]) {
        let chosen = self.choose() % texts.len();
        self.text += texts[chosen];
    }

    fn line(&mut self, parts: impl FnOnce(&mut Self)) {
        self.text += "    ";
        parts(self);
        self.text += "\n";
    }

    fn block(&mut self) {
        self.text += "{ tick();\n";
        self.depth += 1;
        for _ in 0..1 + self.choose() % 3 {
            self.statement();
        }
        self.depth -= 1;
        self.text += "    }";
    }

    fn statement(&mut self) {
        let kinds = if self.depth < 3 { 14 } else { 5 };
        let kind = self.choose() % kinds;
        self.line(|it| match kind {
            0 => it.call("log", 1),
            1 | 2 => it.assign(),
            3 => {
                it.text += "log(";
                it.one_of(&NAMES);
                it.text += ");";
            }
            4 => {
                it.text += "log((";
                it.expression(0);
                it.text += ").";
                it.one_of(&METHODS);
                it.text += ");";
            }
            5 => {
                it.text += "if (";
                it.expression(0);
                it.text += ") ";
                it.block();
                it.text += " else ";
                it.block();
            }
            6 => {
                let turns = it.choose() % 6;
                let _ = write!(it.text, "for (let i = 0; i < {turns}; i++) ");
                it.block();
            }
            7 => {
                it.text += "for (const x of [";
                it.expression(0);
                it.text += "].flat()) { tick(); log(x); ";
                it.assign();
                it.text += " }";
            }
            8 => {
                it.text += "for (const k in ";
                it.expression(0);
                it.text += ") { tick(); log(k); }";
            }
            9 => {
                it.text += "try ";
                it.block();
                it.text += " catch (error) { log(error instanceof Error ? error.name : error); } finally ";
                it.block();
            }
            10 => {
                it.text += "switch (";
                it.expression(0);
                it.text += ") { case ";
                it.one_of(&VALUES);
                it.text += ": log('one'); case ";
                it.one_of(&VALUES);
                it.text += ": log('two'); break; default: log('other'); }";
            }
            11 => {
                it.text += "f = (x = ";
                it.expression(0);
                it.text += ", ...rest) => { tick(); return ";
                it.expression(0);
                it.text += "; };";
            }
            12 => {
                it.text += "{ const { p = a, ...others } = Object(";
                it.expression(0);
                it.text += "); log(p); log(others); }";
            }
            _ => {
                it.text += "{ class A { static s = 1; #y = ";
                it.expression(0);
                it.text += "; get y() { return this.#y; } set y(v) { this.#y = v; } *[Symbol.iterator]() { yield this.#y; yield* [1, 2]; } }\
                            class B extends A { get y() { return [super.y, new.target]; } } log([...new B()]); log(new B().y); }";
            }
        });
    }

    fn assign(&mut self) {
        self.one_of(&NAMES);
        self.one_of(&[" = ", " += ", " ??= ", " ||= ", " &&= "]);
        self.expression(0);
        self.text += ";";
    }

    fn call(&mut self, name: &str, semicolon: usize) {
        self.text += name;
        self.text += "(";
        self.expression(0);
        self.text += [")", ");"][semicolon];
    }

    fn expression(&mut self, depth: usize) {
        let kind = if depth > 3 { self.choose() % 2 } else { self.choose() % 10 };
        match kind {
            0 => self.one_of(&VALUES),
            1 => self.one_of(&NAMES),
            2 | 3 => {
                self.text += "(";
                self.expression(depth + 1);
                self.text += " ";
                self.one_of(&BINARY);
                self.text += " ";
                // No base of `**` may begin with a sign.
                self.text += "(";
                self.expression(depth + 1);
                self.text += "))";
            }
            4 => {
                self.text += "(";
                self.one_of(&UNARY);
                self.text += "(";
                self.expression(depth + 1);
                self.text += "))";
            }
            5 => {
                self.text += "(";
                self.expression(depth + 1);
                self.text += ")?.";
                self.one_of(&METHODS);
            }
            6 => {
                self.one_of(&CALLS);
                self.text += "(";
                self.expression(depth + 1);
                self.text += ")";
            }
            7 => {
                self.text += "(";
                self.expression(depth + 1);
                self.text += " ? ";
                self.expression(depth + 1);
                self.text += " : ";
                self.expression(depth + 1);
                self.text += ")";
            }
            8 => {
                self.text += "[";
                self.expression(depth + 1);
                self.text += ", ...Array.from(Object(";
                self.expression(depth + 1);
                self.text += ")), 0]";
            }
            _ => {
                self.text += "`<${";
                self.expression(depth + 1);
                self.text += "}>`";
            }
        }
    }
}

/// What Dayfly makes of it; nothing if a limit ended it.
fn in_dayfly(program: &str) -> Option<Ran> {
    let outcome = RUNTIME.block_on(async {
        let build = BUNDLER.build(&Source::new("app.js", program), &Bundler::limits()).await;
        let artifact = build.artifact.unwrap_or_else(|refusal| panic!("{refusal:?}\n{program}"));
        let bundle = Bundle::load(&ENGINE, &artifact.bundle).expect("what was built loads");
        let limits = Limits { fuel: Some(200_000_000), ..Limits::default() };
        ENGINE.render(&bundle, &limits, "null").await
    });
    nothing_is_left();
    match outcome.page {
        Ok(page) => Some(Ran::Page(String::from_utf8_lossy(page.as_bytes()).into_owned())),
        Err(dayfly::Failure::Threw(thrown)) => Some(Ran::Threw(thrown.name)),
        Err(dayfly::Failure::Exceeded { .. }) => None,
        Err(failure) => panic!("{failure:?}\n{program}"),
    }
}

/// A Node that runs one program after the other, each in a fresh context.
struct Node {
    _child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

const IN_NODE: &str = "const vm = require('node:vm');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    let answer;
    try {
        const context = vm.createContext({ structuredClone });
        vm.runInContext(JSON.parse(line), context, { timeout: 5000 });
        const page = vm.runInContext('render()', context, { timeout: 5000 });
        // Lone surrogates are U+FFFD in a page.
        answer = { page: typeof page === 'string' ? page.toWellFormed() : page };
    } catch (error) {
        answer = error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? {} : { threw: String(error && error.name) };
    }
    process.stdout.write(JSON.stringify(answer) + '\\n');
});";

static NODE: LazyLock<Mutex<Node>> = LazyLock::new(|| {
    let mut command = Command::new("node");
    command
        .args(["--max-old-space-size=512", "-e", IN_NODE])
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("the differential target needs Node 20 or newer");
    let (to, from) = (child.stdin.take().expect("it is piped"), child.stdout.take().expect("it is piped"));
    Mutex::new(Node { _child: child, to, from: BufReader::new(from) })
});

/// What Node makes of it; nothing if it took too long.
fn in_node(program: &str) -> Option<Ran> {
    let mut node = NODE.lock().expect("nobody panics with it");
    let line = serde_json::to_string(program).expect("a text is JSON");
    writeln!(node.to, "{line}").expect("Node reads");
    let mut answer = String::new();
    node.from.read_line(&mut answer).expect("Node answers");
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer:?}"));
    let text = |key: &str| answer[key].as_str().map(str::to_owned);
    text("page").map(Ran::Page).or_else(|| text("threw").map(Ran::Threw))
}
