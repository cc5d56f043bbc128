//! `dayfly tenant`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use dayfly_server::{NewToken, Route, Scope, TenantName};
use http::Method;
use serde_json::{Map, Value, json};

use super::runtime;
use crate::client::{Client, ServerArgs, or_refused};
use crate::exit::{Exit, Mistake};
use crate::report::{print_json, print_note, printable};
use crate::units;

/// See and change the tenants of a server
#[derive(Debug, Args)]
pub(crate) struct Tenant {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the tenants
    List(All),
    /// Show a tenant with its deployments
    Show(One),
    /// Make a tenant
    Create(Create),
    /// Delete a tenant that was made so, with its deployments
    Delete(One),
    /// Answer no more of a tenant's requests
    Suspend(One),
    /// Answer a tenant's requests again
    Resume(One),
    /// Show a tenant's limits, or set some
    Limits(Limits),
    /// Make a token of the admin API
    Token(Token),
}

#[derive(Debug, Args)]
struct All {
    #[command(flatten)]
    server: ServerArgs,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct One {
    /// The tenant's name
    #[arg(value_name = "TENANT")]
    tenant: TenantName,

    #[command(flatten)]
    all: All,
}

#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    one: One,

    /// Which requests are its own: a host, a path, or both; may be given more than once
    ///
    /// Such as shop.example, *.shop.example, /shop or shop.example/eu.
    #[arg(long = "route", value_name = "ROUTE", required = true)]
    routes: Vec<Route>,
}

#[derive(Debug, Args)]
struct Limits {
    #[command(flatten)]
    one: One,

    /// What to set, such as cpu=50ms, memory=64MiB or rate=100; LIMIT=default takes back what was set
    ///
    /// Times: cpu, wall, fetch-time. Sizes: memory, js-stack, page, console-bytes, request, headers, fetch-request,
    /// fetch-response. Numbers: console-lines, fetches, concurrent (renders at once), rate (requests a second).
    #[arg(value_name = "LIMIT=VALUE", value_parser = limit)]
    set: Vec<(String, Value)>,
}

/// Makes a token. The token itself is printed, and is nowhere else; what the server gets is its SHA-256.
#[derive(Debug, Args)]
struct Token {
    /// What the audit log calls it
    #[arg(long, value_name = "NAME")]
    name: String,

    /// What it may: read, deploy or admin; may be given more than once
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<Scope>,

    /// The tenant that it is for; may be given more than once [default: all]
    #[arg(long = "tenant", value_name = "TENANT")]
    tenants: Vec<TenantName>,

    /// Add it to this file of tokens, which `dayfly serve --tokens` reads [default: the entry is printed to standard error]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Tenant {
    pub(super) fn prints_json(&self) -> bool {
        match &self.command {
            Command::List(all) => all.json,
            Command::Show(one) | Command::Delete(one) | Command::Suspend(one) | Command::Resume(one) => one.all.json,
            Command::Create(create) => create.one.all.json,
            Command::Limits(limits) => limits.one.all.json,
            Command::Token(_) => false,
        }
    }

    pub(crate) fn exec(self) -> Result<Exit> {
        let json = self.prints_json();
        let server = match &self.command {
            Command::Token(token) => return token.exec(),
            Command::List(all) => &all.server,
            Command::Show(one) | Command::Delete(one) | Command::Suspend(one) | Command::Resume(one) => &one.all.server,
            Command::Create(create) => &create.one.all.server,
            Command::Limits(limits) => &limits.one.all.server,
        };
        let client = server.client()?;
        or_refused(runtime()?.block_on(async {
            let (answer, show): (Value, fn(&Value)) = match &self.command {
                Command::List(_) => (list(&client).await?, show_list),
                Command::Show(one) => (show(&client, &one.tenant).await?, show_tenant),
                Command::Create(create) => {
                    let routes: Vec<_> = create.routes.iter().map(ToString::to_string).collect();
                    let body = json!({ "name": create.one.tenant.as_str(), "routes": routes }).to_string();
                    let made = client.ask(Method::POST, "/v1/tenants", Some(("application/json", body.into()))).await?;
                    (made, show_tenant)
                }
                Command::Delete(one) => (client.ask(Method::DELETE, &path(&one.tenant, ""), None).await?, |_| {}),
                Command::Suspend(one) => {
                    (client.ask(Method::POST, &path(&one.tenant, "/suspend"), None).await?, show_tenant)
                }
                Command::Resume(one) => {
                    (client.ask(Method::POST, &path(&one.tenant, "/resume"), None).await?, show_tenant)
                }
                Command::Limits(limits) => {
                    let path = path(&limits.one.tenant, "/limits");
                    let answer = if limits.set.is_empty() {
                        client.ask(Method::GET, &path, None).await?
                    } else {
                        let patch = Value::Object(Map::from_iter(limits.set.iter().cloned())).to_string();
                        client.ask(Method::PATCH, &path, Some(("application/json", patch.into()))).await?
                    };
                    (answer, show_limits)
                }
                Command::Token(_) => unreachable!("it asks no server"),
            };
            if json {
                print_json(&answer)?;
            } else {
                show(&answer);
            }
            Ok(Exit::Done)
        }))
    }
}

fn path(tenant: &TenantName, below: &str) -> String {
    format!("/v1/tenants/{tenant}{below}")
}

/// All pages of the list in one.
async fn list(client: &Client) -> Result<Value> {
    let mut tenants = Vec::new();
    let mut after = String::new();
    loop {
        let mut page = client.ask(Method::GET, &format!("/v1/tenants{after}"), None).await?;
        if let Value::Array(more) = page["tenants"].take() {
            tenants.extend(more);
        }
        match page["next"].as_str() {
            Some(next) => after = format!("?after={next}"),
            None => return Ok(json!({ "tenants": tenants })),
        }
    }
}

async fn show(client: &Client, tenant: &TenantName) -> Result<Value> {
    let mut shown = client.ask(Method::GET, &path(tenant, ""), None).await?;
    let mut deployments = client.ask(Method::GET, &path(tenant, "/deployments"), None).await?;
    shown["deployments"] = deployments["deployments"].take();
    Ok(shown)
}

fn text(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    printable(&text).into_owned()
}

/// The first digits of a digest, which is enough for people and for `dayfly rollback`.
fn short(digest: &Value) -> String {
    text(digest).chars().take(12).collect()
}

fn show_list(answer: &Value) {
    for tenant in answer["tenants"].as_array().into_iter().flatten() {
        let state = if tenant["suspended"] == true { "suspended" } else { "serves" };
        let digest = short(&tenant["active"]["digest"]);
        anstream::println!("{:<24} {state:<9} {digest:<12} {}", text(&tenant["name"]), text(&tenant["routes"]));
    }
}

fn show_tenant(tenant: &Value) {
    let state = if tenant["suspended"] == true { "suspended" } else { "serves" };
    anstream::println!("{} {state}", text(&tenant["name"]));
    anstream::println!("from the {}, at {}", text(&tenant["origin"]).replace("api", "API"), text(&tenant["routes"]));
    let deployments = tenant["deployments"].as_array().into_iter().flatten();
    for one in deployments {
        let mark = if one["active"] == true { "*" } else { " " };
        let (digest, at) = (short(&one["digest"]), text(&one["at"]));
        let (number, by, source) = (text(&one["number"]), text(&one["by"]), text(&one["source"]));
        anstream::println!("{mark} {number:>4} {digest} {at} {by} {source}");
    }
}

fn show_limits(limits: &Value) {
    for (name, value) in limits["effective"].as_object().into_iter().flatten() {
        let mark = if limits["set"].get(name).is_some() { " (set)" } else { "" };
        let shown = match (name.strip_suffix("_bytes"), name.strip_suffix("_ms"), value.as_u64()) {
            (Some(name), _, Some(bytes)) => format!("{name:<16} {}", units::show_size(bytes)),
            (_, Some(name), Some(ms)) => format!("{name:<16} {ms}ms"),
            _ => format!("{name:<16} {value}"),
        };
        anstream::println!("{}{mark}", shown.replace('_', "-"));
    }
}

/// Reads `cpu=50ms` as a field of the API and its value.
fn limit(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write LIMIT=VALUE, such as cpu=50ms")?;
    let field = name.replace('-', "_");
    let unit = match name {
        "cpu" | "wall" | "fetch-time" => "ms",
        "memory" | "js-stack" | "page" | "console-bytes" | "request" | "headers" | "fetch-request"
        | "fetch-response" => "bytes",
        "console-lines" | "fetches" | "concurrent" | "rate" => "",
        _ => return Err(format!("{name:?} is no limit: see --help")),
    };
    let field = match unit {
        "" => field,
        _ if field.ends_with(unit) => field,
        unit => format!("{field}_{unit}"),
    };
    let value = match (value, unit) {
        ("default", _) => Value::Null,
        (value, "ms") => Value::from(u64::try_from(units::time(value)?.as_millis()).map_err(|_| "that is too long")?),
        (value, "bytes") => Value::from(units::size(value)?),
        (value, _) => Value::from(value.parse::<u64>().map_err(|_| "write a number")?),
    };
    Ok((field, value))
}

impl Token {
    fn exec(&self) -> Result<Exit> {
        let scopes: BTreeSet<_> = self.scopes.iter().copied().collect();
        let tenants: BTreeSet<_> = self.tenants.iter().cloned().collect();
        let NewToken { token, entry } = NewToken::generate(&self.name, &scopes, &tenants);
        match &self.file {
            Some(file) => {
                let wrong = |error: std::io::Error| Mistake(format!("cannot write {}: {error}", file.display()));
                let before = match std::fs::read_to_string(file) {
                    Ok(before) => before,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
                    Err(error) => return Err(wrong(error).into()),
                };
                let gap = if before.is_empty() || before.ends_with("\n\n") { "" } else { "\n" };
                // In one go, so that a server that reads it meanwhile has all of the tokens or all of them and this one.
                let new = file.with_extension("new");
                std::fs::write(&new, format!("{before}{gap}{entry}")).map_err(wrong)?;
                std::fs::rename(&new, file).map_err(wrong)?;
                print_note(&format!("added to {}; the token is shown this once:", file.display()));
            }
            None => {
                print_note(&format!("add this to the server's file of tokens; the token is shown this once:\n{entry}"))
            }
        }
        anstream::println!("{token}");
        Ok(Exit::Done)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::limit;

    #[test]
    fn limits_are_read_with_their_units() {
        for (text, field, value) in [
            ("cpu=50ms", "cpu_ms", json!(50)),
            ("fetch-time=2s", "fetch_time_ms", json!(2_000)),
            ("memory=64MiB", "memory_bytes", json!(64 << 20)),
            ("js-stack=64KiB", "js_stack_bytes", json!(65_536)),
            ("console-bytes=1KiB", "console_bytes", json!(1_024)),
            ("rate=7", "rate", json!(7)),
            ("page=default", "page_bytes", json!(null)),
        ] {
            assert_eq!(limit(text), Ok((field.into(), value)), "{text}");
        }
        for text in ["cpu", "cpu=50", "cpus=1", "rate=x", "memory=1s"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }
}
