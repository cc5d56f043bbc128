//! What is made once for all inputs.

use std::sync::LazyLock;
use std::time::Duration;

use dayfly::{Engine, EngineConfig};
use dayfly_bundler::Bundler;
use tokio::runtime::Runtime;

pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("threads can be started"));

/// Renders are bounded by fuel, so that an input takes as long each time.
pub(crate) static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    Engine::new(&EngineConfig { fuel: true, ..EngineConfig::default() }).expect("the machine has what an engine needs")
});

pub(crate) static BUNDLER: LazyLock<Bundler> = LazyLock::new(|| Bundler::new().expect("the committed engine compiles"));

/// Nothing of a render is left when it has ended. What a server still sees to when its client has the answer has a moment for it.
pub(crate) fn nothing_is_left() {
    for _ in 0..5_000 {
        if ENGINE.stats().in_use == 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("a render is left: {:?}", ENGINE.stats());
}
