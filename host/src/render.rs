//! One render, start to end.

use crate::bundle::Bundle;
use crate::console::Line;
use crate::contract::renderer;
use crate::engine::Engine;
use crate::error::Error;
use crate::limits::{Limit, Limits};
use crate::outcome::{Failure, Outcome, Page, Usage};
use crate::sandbox::{Sandbox, Time};

impl Engine {
    /// Renders one page of `bundle` in a fresh sandbox. `props` is JSON text, the argument of the app's `render`.
    ///
    /// Waits for a free slot if [`EngineConfig::concurrency`](crate::EngineConfig::concurrency) renders are running.
    /// The thread is given back at every tick, so a long render does not hold up others; dropping the future ends the
    /// guest at once. An app that fails is a normal outcome: look at [`Outcome::page`].
    ///
    /// # Panics
    /// Outside a tokio runtime, or in one without timers (`enable_time`).
    pub async fn render(&self, bundle: &Bundle, limits: &Limits, props: &str) -> Outcome {
        self.render_in(bundle, limits, props, async || Sandbox::new(self, limits, Time::Real).await).await
    }

    /// The same for a caller who does not wait: if [`EngineConfig::concurrency`](crate::EngineConfig::concurrency) renders
    /// are running the outcome is [`Error::Busy`](crate::Error::Busy), at once.
    ///
    /// # Panics
    /// As [`Engine::render`].
    pub async fn try_render(&self, bundle: &Bundle, limits: &Limits, props: &str) -> Outcome {
        self.render_in(bundle, limits, props, async || Sandbox::try_new(self, limits, Time::Real)).await
    }

    async fn render_in(
        &self,
        bundle: &Bundle,
        limits: &Limits,
        props: &str,
        sandbox: impl AsyncFnOnce() -> Result<Sandbox, Error>,
    ) -> Outcome {
        let request_bytes = props.len() as u64;
        let (page, console, mut usage) = if request_bytes > limits.request {
            (Err(Failure::exceeded(Limit::Request)), Vec::new(), Usage::default())
        } else {
            match sandbox().await {
                Ok(sandbox) => run(self, sandbox, bundle, limits, props).await,
                Err(error) => (Err(error.into()), Vec::new(), Usage::default()),
            }
        };
        usage.request_bytes = request_bytes;
        usage.page_bytes = page.as_ref().map_or(0, |page| page.as_bytes().len() as u64);
        Outcome { page, console, usage }
    }
}

async fn run(
    engine: &Engine,
    mut sandbox: Sandbox,
    bundle: &Bundle,
    limits: &Limits,
    props: &str,
) -> (Result<Page, Failure>, Vec<Line>, Usage) {
    let bounds = renderer::Bounds { js_stack: limits.js_stack, page: limits.page };
    sandbox.set_heap(bundle.heap());
    sandbox.allow(bundle.outgoing());
    let mut rendered = sandbox
        .run(async |store| {
            let app = bundle.renderer(&mut *store).await?;
            app.call_render(store, props, Some(bounds)).await
        })
        .await;
    let (console, usage) = sandbox.finish_after(&mut rendered, engine, bundle.postmortem()).await;
    (rendered.and_then(|rendered| judge(rendered, limits)), console, usage)
}

/// What the guest says, and what holds whatever it says.
fn judge(rendered: Result<renderer::Page, renderer::Failure>, limits: &Limits) -> Result<Page, Failure> {
    let page = Page::from(rendered?);
    if page.as_bytes().len() as u64 > limits.page { Err(Failure::exceeded(Limit::Page)) } else { Ok(page) }
}
