//! `dayfly logs`.

use anyhow::Result;
use clap::Args;
use dayfly_server::TenantName;
use http::Method;
use http_body_util::BodyExt;
use serde_json::Value;

use super::runtime;
use crate::client::{Client, ServerArgs, or_refused};
use crate::exit::{Exit, Mistake};
use crate::report::{print_note, printable};

/// Show what a tenant's app writes to its console
///
/// The last lines that the server has in memory; with --follow those that come too, until it is interrupted. With --requests the
/// tenant's requests, with what each wrote: of the last 1,024 of all tenants those that are this one's.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// The tenant's name
    #[arg(value_name = "TENANT")]
    tenant: TenantName,

    /// Go on with what comes
    #[arg(short, long)]
    follow: bool,

    /// Begin with the last LINES [default: all that there are]
    #[arg(short = 'n', long, value_name = "LINES", conflicts_with = "requests")]
    lines: Option<usize>,

    /// Show the requests
    #[arg(long)]
    requests: bool,

    #[command(flatten)]
    server: ServerArgs,

    /// Print each line, or each request, as one line of JSON
    #[arg(long)]
    json: bool,
}

impl Logs {
    pub(crate) fn exec(self) -> Result<Exit> {
        let client = self.server.client()?;
        or_refused(runtime()?.block_on(self.read(&client)))
    }

    async fn read(&self, client: &Client) -> Result<Exit> {
        let Self { tenant, follow, .. } = self;
        let path = match (self.requests, self.lines) {
            (true, _) => format!("/v1/events?tenant={tenant}&past=true&follow={follow}"),
            (false, None) => format!("/v1/tenants/{tenant}/logs?follow={follow}"),
            (false, Some(lines)) => format!("/v1/tenants/{tenant}/logs?follow={follow}&lines={lines}"),
        };
        let mut body = client.send(Method::GET, &path, None, None).await?.into_body();
        let (mut pending, mut event) = (Vec::new(), String::new());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Mistake(format!("the server ended: {error}")))?;
            pending.extend_from_slice(frame.data_ref().map(|data| &data[..]).unwrap_or_default());
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line);
                match line.trim_end().split_once(':') {
                    Some(("event", kind)) => event = kind.trim().to_owned(),
                    Some(("data", data)) => self.print(&event, data.trim())?,
                    _ => {}
                }
            }
        }
        Ok(Exit::Done)
    }

    fn print(&self, event: &str, data: &str) -> Result<()> {
        let data: Value = serde_json::from_str(data)?;
        if event == "missed" {
            print_note(&format!("{} were missed: this reads too slowly", data["missed"]));
            return Ok(());
        }
        if self.json {
            anstream::println!("{data}");
            return Ok(());
        }
        if event == "line" {
            anstream::println!("{} {} {}", text(&data["time"]), text(&data["request_id"]), line(&data));
            return Ok(());
        }
        let took = data["duration_us"].as_f64().unwrap_or_default() / 1_000.0;
        anstream::println!(
            "{} {} {} {} {} in {took:.1} ms",
            text(&data["request_id"]),
            text(&data["method"]),
            text(&data["path"]),
            data["status"],
            text(&data["outcome"])
        );
        for written in data["console"].as_array().into_iter().flatten() {
            anstream::println!("  {}", line(written));
        }
        if data["failure"].is_string() {
            anstream::println!("  {}", text(&data["failure"]));
        }
        Ok(())
    }
}

/// A line of a console.
fn line(line: &Value) -> String {
    let at = line["at"].as_str().map(|at| format!(" ({})", printable(at))).unwrap_or_default();
    format!("{}: {}{at}", text(&line["level"]), text(&line["text"]).replace('\n', "\n    "))
}

fn text(value: &Value) -> String {
    printable(value.as_str().unwrap_or("-")).into_owned()
}
