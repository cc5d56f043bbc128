//! `dayfly top`.

use std::fmt::Write;
use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use http::Method;
use serde_json::Value;

use super::runtime;
use crate::client::{ServerArgs, or_refused};
use crate::exit::Exit;
use crate::report::print_json;
use crate::units::{self, show_count, show_size};

/// Show what a server does now: renders, times and memory of each tenant
#[derive(Debug, Args)]
pub(crate) struct Top {
    /// Show it once
    #[arg(long)]
    once: bool,

    /// How often to look
    #[arg(long, value_name = "TIME", value_parser = units::time, default_value = "1s")]
    every: Duration,

    #[command(flatten)]
    server: ServerArgs,

    /// Print one JSON object, once
    #[arg(long)]
    pub(super) json: bool,
}

impl Top {
    pub(crate) fn exec(self) -> Result<Exit> {
        let client = self.server.client()?;
        // What is piped has no screen to be cleared.
        let is_once = self.once || self.json || !std::io::stdout().is_terminal();
        or_refused(runtime()?.block_on(async {
            loop {
                let status = client.ask(Method::GET, "/v1/status", None).await?;
                if self.json {
                    print_json(&status)?;
                } else if is_once {
                    anstream::print!("{}", table(&status, usize::MAX));
                } else {
                    anstream::print!("\x1b[H\x1b[2J{}", table(&status, 40));
                }
                if is_once {
                    return Ok(Exit::Done);
                }
                tokio::time::sleep(self.every).await;
            }
        }))
    }
}

/// The busiest tenants first, and so many of them.
fn table(status: &Value, most: usize) -> String {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let (renders, bundles) = (&status["renders"], &status["bundles"]);
    let mut text = format!(
        "{}; up {}; {} of {} renders, {} waiting; {} bundles in {}; {} resident\n\n",
        status["phase"].as_str().unwrap_or("-"),
        humantime::format_duration(Duration::from_secs(number(&status["uptime_ms"]) / 1_000)),
        number(&renders["live"]),
        number(&renders["concurrent"]),
        number(&renders["waiting"]),
        number(&bundles["loaded"]),
        show_size(number(&bundles["memory_bytes"])),
        show_size(number(&status["resident_bytes"])),
    );
    let _ = writeln!(
        text,
        "{:<24} {:>5} {:>7} {:>12} {:>9} {:>10} {:>10} {:>10}",
        "TENANT", "LIVE", "WAITING", "REQUESTS", "FAILURES", "P50", "P99", "MEMORY"
    );
    let mut tenants: Vec<_> = status["tenants"].as_array().into_iter().flatten().collect();
    tenants.sort_by_key(|tenant| {
        let busy = [number(&tenant["live"]), number(&tenant["waiting"]), number(&tenant["requests"])];
        std::cmp::Reverse(busy)
    });
    let left = tenants.len().saturating_sub(most);
    let ms = |value: &Value| value.as_f64().map_or("-".into(), |us| format!("{:.1}ms", us / 1_000.0));
    for tenant in tenants.into_iter().take(most) {
        let _ = writeln!(
            text,
            "{:<24} {:>5} {:>7} {:>12} {:>9} {:>10} {:>10} {:>10}",
            tenant["name"].as_str().unwrap_or("-"),
            number(&tenant["live"]),
            number(&tenant["waiting"]),
            show_count(number(&tenant["requests"])),
            show_count(number(&tenant["failures"])),
            ms(&tenant["p50_us"]),
            ms(&tenant["p99_us"]),
            show_size(number(&tenant["peak_memory_bytes"])),
        );
    }
    if left > 0 {
        let _ = writeln!(text, "… and {left} more");
    }
    text
}
