//! `dayfly deploy` and `dayfly rollback`.

use std::path::PathBuf;

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use clap::Args;
use dayfly::BundleId;
use dayfly_bundler::{Bundler, Places, Source, Visit};
use dayfly_lab::{Scenario, check};
use dayfly_server::TenantName;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::{Value, json};

use super::{build, runtime};
use crate::cache::CacheArgs;
use crate::client::{self, Client, Refused, ServerArgs, or_refused};
use crate::exit::{Exit, Mistake};
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

    /// Let the lab weigh the app too, run again and again in one heap, and keep what it says beside the deployment
    ///
    /// It is what `dayfly leak check` says: whether the app would grow where its runs share `console`. What is deployed stays either
    /// way. A bundle has no sources that could be run so.
    #[arg(long)]
    leak_check: bool,

    #[command(flatten)]
    server: ServerArgs,

    /// Print one JSON object: the deployment, and what its first response was
    #[arg(long)]
    pub(super) json: bool,
}

impl Deploy {
    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        let client = self.server.client()?;
        let app = input::app(&self.app)?;
        if self.leak_check && matches!(app, App::Bundle(_)) {
            let why = "a bundle cannot be weighed, as it has no sources: give --leak-check the JavaScript that it was built of";
            return Err(Mistake(why.into()).into());
        }
        let weigher = if self.leak_check { Some(build::bundler(cache)?) } else { None };
        or_refused(runtime()?.block_on(self.deploy(&client, app, weigher.as_ref())))
    }

    async fn deploy(&self, client: &Client, app: App, weigher: Option<&Bundler>) -> Result<Exit> {
        let (done, source) = match app {
            App::Bundle(bundle) => {
                let name = self.app.file_name().unwrap_or_default().to_string_lossy().into_owned();
                (self.send(client, &name, "application/wasm", bundle.into()).await?, None)
            }
            App::Script(script) => {
                let send = async |source: Source| {
                    self.send(client, &source.name, "text/javascript; charset=utf-8", source.text.into()).await
                };
                match send(script.source.clone()).await {
                    Err(error) if error.downcast_ref::<Refused>().is_some_and(|why| why.code == "source-imports") => {
                        match script.bundle()? {
                            Some(bundled) => (send(bundled.source.clone()).await?, Some(bundled.source)),
                            None => return Err(error),
                        }
                    }
                    done => (done?, Some(script.source)),
                }
            }
        };
        if let (Some(bundler), Some(source)) = (weigher, source) {
            self.weigh(client, bundler, source, &done).await?;
        }
        report(&done, self.json)
    }

    /// Lets the lab weigh what was deployed, and has the server keep what it says. An app that the lab cannot run is deployed still.
    async fn weigh(&self, client: &Client, bundler: &Bundler, source: Source, done: &Value) -> Result<()> {
        let places = Places::of(&source);
        let fetch = Visit::Fetch(format!("http://localhost{}", self.path.as_deref().unwrap_or("/")));
        let weigh = async |visit| check(bundler, &Scenario::new(source.clone(), visit), &places).await;
        // Which of the two the app has is known when it is run.
        let weighed = match weigh(Visit::Render("{}".into())).await {
            Err(why) if why.is_missing() => weigh(fetch).await,
            weighed => weighed,
        };
        let weighed = match weighed {
            Ok(weighed) => weighed,
            Err(why) => {
                print_note(&format!("warning: it cannot be weighed: {}", why.detail()));
                return Ok(());
            }
        };
        let bytes = &weighed.heap_bytes[1..];
        let staircase = json!({
            "digest": done["deployment"]["digest"],
            "runs": (1..=bytes.len()).collect::<Vec<_>>(),
            "bytes": bytes,
            "verdict": weighed.verdict.as_str(),
            "bytes_a_run": weighed.bytes_per_run,
        });
        let path = format!("/v1/tenants/{}/leak", self.tenant);
        client.ask(Method::PUT, &path, Some(("application/json", staircase.to_string().into()))).await?;
        let verdict = weighed.verdict.as_str();
        print_note(&format!("in one heap its runs would be {verdict}: {} bytes a run", weighed.bytes_per_run));
        Ok(())
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
