//! `dayfly deploy` and `dayfly rollback`.

use std::path::PathBuf;

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use clap::Args;
use dayfly::BundleId;
use dayfly_server::TenantName;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::Value;

use super::runtime;
use crate::client::{self, Client, Refused, ServerArgs, or_refused};
use crate::exit::Exit;
use crate::input::{self, App};
use crate::report::{print_json, print_note};
use crate::units::show_size;

/// Deploy an app to a tenant of a server
///
/// It answers one request there before any of the tenant's requests comes to it; if it throws or meets a limit, what was served
/// before stays. Requests that go on meanwhile are answered by what was served before: none is lost.
#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// The tenant's name
    #[arg(value_name = "TENANT")]
    tenant: TenantName,

    /// A bundle, one file of JavaScript, or the entry of an app's sources, such as src/entry.tsx
    ///
    /// JavaScript is sent as it is, and built by the server: so the bundle has the server's engine. Sources are made one file of
    /// by their project's own bundler first, as `dayfly build` does it.
    #[arg(value_name = "APP.js|APP.wasm|ENTRY")]
    app: PathBuf,

    /// The path of the request that the app has to answer first [default: /]
    #[arg(long, value_name = "PATH")]
    path: Option<String>,

    /// Serve it without letting it answer a request first
    #[arg(long, conflicts_with = "path")]
    no_smoke: bool,

    #[command(flatten)]
    server: ServerArgs,

    /// Print one JSON object: the deployment, and what its first response was
    #[arg(long)]
    pub(super) json: bool,
}

impl Deploy {
    pub(crate) fn exec(self) -> Result<Exit> {
        let client = self.server.client()?;
        let app = input::app(&self.app)?;
        or_refused(runtime()?.block_on(self.deploy(&client, app)))
    }

    async fn deploy(&self, client: &Client, app: App) -> Result<Exit> {
        let done = match app {
            App::Bundle(bundle) => {
                let name = self.app.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.send(client, &name, "application/wasm", bundle.into()).await?
            }
            App::Script(script) => {
                let send = async |source: dayfly_bundler::Source| {
                    self.send(client, &source.name, "text/javascript; charset=utf-8", source.text.into()).await
                };
                match send(script.source.clone()).await {
                    Err(error) if error.downcast_ref::<Refused>().is_some_and(|why| why.code == "source-imports") => {
                        match script.bundle()? {
                            Some(bundled) => send(bundled.source).await?,
                            None => return Err(error),
                        }
                    }
                    done => done?,
                }
            }
        };
        report(&done, self.json)
    }

    async fn send(&self, client: &Client, name: &str, kind: &str, body: Bytes) -> Result<Value> {
        let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(BundleId::of(&body).to_bytes()));
        let mut path = format!("/v1/tenants/{}/deployments?name={}", self.tenant, escaped(name));
        if self.no_smoke {
            path += "&smoke=false";
        }
        if let Some(first) = &self.path {
            path += &format!("&path={}", escaped(first));
        }
        client::read(client.send(Method::POST, &path, Some((kind, body)), Some(digest)).await?).await
    }
}

/// A text as it stands in a path or a query: what RFC 3986, 2.3 does not call unreserved is escaped.
fn escaped(text: &str) -> PercentEncode<'_> {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, RESERVED)
}

/// Serve an earlier deployment of a tenant again
///
/// That of DIGEST, or the one before the one that is served; given again, the one before that.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The tenant's name
    #[arg(value_name = "TENANT")]
    tenant: TenantName,

    /// The bundle's digest, or 6 or more of its first digits: `dayfly tenant show` lists them
    #[arg(value_name = "DIGEST")]
    digest: Option<String>,

    #[command(flatten)]
    server: ServerArgs,

    /// Print one JSON object: the deployment
    #[arg(long)]
    pub(super) json: bool,
}

impl Rollback {
    pub(crate) fn exec(self) -> Result<Exit> {
        let client = self.server.client()?;
        let tenant = &self.tenant;
        let path = match &self.digest {
            Some(digest) => {
                format!("/v1/tenants/{tenant}/deployments/{}/activate?smoke=false", escaped(digest))
            }
            None => format!("/v1/tenants/{tenant}/rollback"),
        };
        or_refused(runtime()?.block_on(async { report(&client.ask(Method::POST, &path, None).await?, self.json) }))
    }
}

/// Prints what a deploy did. The digest goes to standard output, what is to be said of it to standard error.
fn report(done: &Value, json: bool) -> Result<Exit> {
    if json {
        print_json(done)?;
        return Ok(Exit::Done);
    }
    let deployment = &done["deployment"];
    for notice in done["notices"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        print_note(&format!("warning: {notice}"));
    }
    let size = show_size(deployment["bytes"].as_u64().unwrap_or_default());
    let smoke = match &done["smoke"] {
        Value::Null => "not asked for a page yet".to_owned(),
        smoke => {
            let ms = smoke["took_us"].as_f64().unwrap_or_default() / 1_000.0;
            let bytes = show_size(smoke["bytes"].as_u64().unwrap_or_default());
            format!("its first response: {} with {bytes} in {ms:.1} ms", smoke["status"])
        }
    };
    let tenant = done["tenant"].as_str().unwrap_or_default();
    print_note(&format!("{tenant} is served by deployment {} ({size}; {smoke})", deployment["number"]));
    anstream::println!("{}", deployment["digest"].as_str().unwrap_or_default());
    Ok(Exit::Done)
}
