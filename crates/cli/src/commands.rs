//! One file a subcommand.

mod alerts;
mod bench;
mod build;
mod completions;
mod deploy;
mod dev;
mod health;
mod leak;
mod limits;
mod logs;
mod outgoing;
mod process;
mod render;
mod request;
mod run;
mod serve;
mod tenant;
mod top;
mod trace;
mod types;

pub(crate) use serve::default_states;

use anyhow::Result;
use clap::Subcommand;

use crate::cache::CacheArgs;
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Build(build::Build),
    Render(Box<render::Render>),
    Run(run::Run),
    Dev(dev::Dev),
    Serve(serve::Serve),
    Health(health::Health),
    Deploy(deploy::Deploy),
    Rollback(deploy::Rollback),
    Tenant(tenant::Tenant),
    Logs(logs::Logs),
    Top(top::Top),
    Alerts(alerts::Alerts),
    Bench(bench::Bench),
    Leak(leak::Leak),
    Trace(trace::Trace),
    Types(types::Types),
    Completions(completions::Completions),
}

impl Command {
    /// Whether standard output is for one JSON object, whatever happens.
    pub(crate) fn prints_json(&self) -> bool {
        match self {
            Self::Build(build) => build.json,
            Self::Render(render) => render.json,
            Self::Run(run) => run.json,
            Self::Bench(bench) => bench.prints_json(),
            Self::Leak(leak) => leak.prints_json(),
            Self::Deploy(deploy) => deploy.json,
            Self::Rollback(rollback) => rollback.json,
            Self::Tenant(tenant) => tenant.prints_json(),
            Self::Top(top) => top.json,
            Self::Dev(_)
            | Self::Serve(_)
            | Self::Health(_)
            | Self::Logs(_)
            | Self::Alerts(_)
            | Self::Trace(_)
            | Self::Types(_)
            | Self::Completions(_) => false,
        }
    }

    pub(crate) fn exec(self, cache: &CacheArgs) -> Result<Exit> {
        match self {
            Self::Build(build) => build.exec(cache),
            Self::Render(render) => render.exec(cache),
            Self::Run(run) => run.exec(cache),
            Self::Dev(dev) => dev.exec(cache),
            Self::Serve(serve) => serve.exec(cache),
            Self::Health(health) => health.exec(),
            Self::Deploy(deploy) => deploy.exec(cache),
            Self::Rollback(rollback) => rollback.exec(),
            Self::Tenant(tenant) => tenant.exec(),
            Self::Logs(logs) => logs.exec(),
            Self::Top(top) => top.exec(),
            Self::Alerts(alerts) => alerts.exec(),
            Self::Bench(bench) => bench.exec(cache),
            Self::Leak(leak) => leak.exec(cache),
            Self::Trace(trace) => trace.exec(),
            Self::Types(types) => types.exec(),
            Self::Completions(completions) => completions.exec(),
        }
    }
}

/// The runtime that a command's build and its renders need: timers, sockets, and no second thread.
fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
