//! Renders a bundle: `cargo run --example embed`, in a folder with an `app.wasm` that `dayfly build` has made.

use std::io::Write;

use dayfly::{Bundle, Engine, EngineConfig, Limits};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::new(&EngineConfig::default())?;
    let bundle = Bundle::load(&engine, &std::fs::read("app.wasm")?)?;
    let limits = Limits { memory: 32 << 20, ..Limits::default() };
    let outcome = engine.render(&bundle, &limits, r#"{ "name": "world" }"#).await;
    std::io::stdout().write_all(outcome.page?.as_bytes())?;
    Ok(())
}
