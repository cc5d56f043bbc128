//! The language of these tests: an app, what is asked of it, and what is expected of the outcome.

use std::sync::LazyLock;
use std::time::Duration;

use dayfly::{Bundle, Engine, EngineConfig, Failure, Limit, Limits, Outcome, Outgoing, Page};

use crate::guest;

/// What most tests share; it counts no fuel.
static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(&EngineConfig { concurrency: 64, ..EngineConfig::default() }).unwrap());

/// Limits that a test of another limit does not meet, however slow the machine is.
pub(crate) fn generous() -> Limits {
    Limits { cpu: Duration::from_secs(600), wall: Duration::from_secs(600), ..Limits::default() }
}

/// A guest that is ready to render, with the limits for it.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) bundle: Bundle,
    limits: Limits,
}

impl App {
    pub(crate) fn new(guest: &str) -> Self {
        Self::on(&ENGINE, guest)
    }

    pub(crate) fn on(engine: &Engine, guest: &str) -> Self {
        let bundle = Bundle::load(engine, &guest::bundle(guest)).unwrap();
        Self { engine: engine.clone(), bundle, limits: generous() }
    }

    pub(crate) fn may_call(self, outgoing: Outgoing) -> Self {
        Self { bundle: self.bundle.with_outgoing(outgoing), ..self }
    }

    pub(crate) fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    pub(crate) async fn render(&self, props: &str) -> Outcome {
        self.engine.render(&self.bundle, &self.limits, props).await
    }
}

/// What is expected of an outcome. What is not as expected shows the whole of it.
pub(crate) trait Expect {
    fn gives_text(&self, text: &str) -> &Self;
    fn gives_bytes(&self, bytes: &[u8]) -> &Self;
    fn exceeds(&self, limit: Limit) -> &Self;
    fn fails(&self, failure: &str) -> &Self;
    fn has_written(&self, lines: &[&str]) -> &Self;
}

impl Expect for Outcome {
    #[track_caller]
    fn gives_text(&self, text: &str) -> &Self {
        assert!(matches!(&self.page, Ok(Page::Text(page)) if page == text), "not the text {text:?}: {self:#?}");
        assert_eq!(self.usage.page_bytes, text.len() as u64, "{self:#?}");
        self
    }

    #[track_caller]
    fn gives_bytes(&self, bytes: &[u8]) -> &Self {
        assert!(matches!(&self.page, Ok(Page::Bytes(page)) if page == bytes), "not the bytes {bytes:?}: {self:#?}");
        assert_eq!(self.usage.page_bytes, bytes.len() as u64, "{self:#?}");
        self
    }

    /// No page, because of this limit; where the app was is not known.
    #[track_caller]
    fn exceeds(&self, expected: Limit) -> &Self {
        let is_expected = matches!(&self.page, Err(Failure::Exceeded { limit, stack: None }) if *limit == expected);
        assert!(is_expected, "not the limit {expected:?}: {self:#?}");
        assert_eq!(self.usage.page_bytes, 0, "{self:#?}");
        self
    }

    /// No page, for a reason that reads so.
    #[track_caller]
    fn fails(&self, failure: &str) -> &Self {
        let reads = self.page.as_ref().map_err(ToString::to_string);
        assert!(matches!(&reads, Err(reads) if reads == failure), "not {failure:?} but {reads:?}: {self:#?}");
        assert_eq!(self.usage.page_bytes, 0, "{self:#?}");
        self
    }

    /// These lines and no others, and the usage knows their size.
    #[track_caller]
    fn has_written(&self, lines: &[&str]) -> &Self {
        let texts: Vec<_> = self.console.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, lines, "{self:#?}");
        assert_eq!(self.usage.console_bytes, texts.concat().len() as u64, "{self:#?}");
        self
    }
}
