//! The reader of the heaps that renders leave.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use dayfly::{Autopsy, Bundle, Engine, EngineConfig, Limits};
use dayfly_bundler::{Bundler, Source};
use dayfly_lab::{Heap, SnapshotOptions, write_snapshot};

use super::shared::{BUNDLER, RUNTIME};

/// What the memory is of: an app with one of most things, which a limit ends.
const APP: &str = "const seen = new Map();
    class Point { #x = 1; get x() { return this.#x; } }
    globalThis.render = async (props) => {
        const list = [1n << 70n, 'two', Symbol('three'), /four/u, new Point(), new Uint8Array(9), 'a'.repeat(99) + seen.size];
        seen.set(props, { list, later: (async () => { await new Promise(() => {}); return list; })() });
        globalThis.proxy = new Proxy(list, {});
        function* count() { yield* seen; }
        globalThis.counting = count();
        globalThis.counting.next();
        await 0;
        for (;;) seen.get(props);
    };";

/// A linear memory as such a render leaves it.
static MEMORY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let left = Arc::new(Mutex::new(Vec::new()));
    let into = left.clone();
    let autopsy = Autopsy::new(move |_, memory| *into.lock().expect("nobody panics with it") = memory.to_vec());
    let config = EngineConfig { fuel: true, autopsy: Some(autopsy), ..EngineConfig::default() };
    let engine = Engine::new(&config).expect("the machine has what an engine needs");
    RUNTIME.block_on(async {
        let build = BUNDLER.build(&Source::new("app.js", APP), &Bundler::limits()).await;
        let bundle = Bundle::load(&engine, &build.artifact.expect("it builds").bundle).expect("it loads");
        let limits = Limits { fuel: Some(20_000_000), ..Limits::default() };
        let _ = engine.render(&bundle, &limits, "{\"a\":[1,2]}").await;
    });
    let memory = std::mem::take(&mut *left.lock().expect("nobody panics with it"));
    assert!(Heap::read(&memory).is_ok(), "what is changed can be read");
    memory
});

/// Changes a real memory, and reads it. Each eight bytes are where, and what is put there; what is left over says how much of
/// its end is missing.
pub fn run(bytes: &[u8]) {
    let mut memory = MEMORY.clone();
    let (changes, rest) = bytes.as_chunks::<8>();
    for [a, b, c, d, value @ ..] in changes.iter().take(64) {
        let at = u32::from_le_bytes([*a, *b, *c, *d]) as usize % memory.len();
        let end = memory.len().min(at + value.len());
        memory[at..end].copy_from_slice(&value[..end - at]);
    }
    let length = memory.len() - (rest.len() << 16).min(memory.len());
    let Ok(heap) = Heap::read(&memory[..length]) else { return };
    let mut options = SnapshotOptions::default();
    options.redact = false;
    write_snapshot(&heap, options, io::sink()).expect("nothing keeps a sink from taking what is written");
}
