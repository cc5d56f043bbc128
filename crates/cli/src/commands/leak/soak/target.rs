//! What `dayfly leak soak` asks: an app in this process, or a server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dayfly::{Bundle, Engine, Failure, Limits};
use dayfly_bundler::{Places, Visit};
use dayfly_lab::REST;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// What is asked.
#[derive(Clone)]
pub(super) enum Target {
    App(Arc<App>),
    Server { client: Box<Client<HttpConnector, Empty<bytes::Bytes>>>, url: Uri },
}

/// An app that is ready to be asked.
pub(super) struct App {
    pub(super) engine: Engine,
    pub(super) bundle: Bundle,
    /// Where its places are in the files of its author.
    pub(super) places: Places,
    pub(super) visit: Visit,
}

/// Why a request gave no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoPage {
    /// The app failed.
    #[error(transparent)]
    Failed(Box<Failure>),
    /// The app's handler, or the server, said so.
    #[error("it answered {0}")]
    Status(StatusCode),
    /// Nothing came, or not all of it.
    #[error("{0}")]
    Broken(String),
    /// It takes longer than [`LONGEST`].
    #[error("it did not answer within {}", humantime::format_duration(LONGEST))]
    Late,
}

/// How long a server may take until it answers for the first time.
const START: Duration = Duration::from_secs(10);

/// How long a server may take for one answer.
const LONGEST: Duration = Duration::from_secs(30);

impl Target {
    pub(super) fn server(url: Uri) -> Self {
        Self::Server { client: Box::new(Client::builder(TokioExecutor::new()).build_http()), url }
    }

    /// Has an app asked in another way, before there are requests; whether it is one.
    pub(super) fn visits(&mut self, visit: Visit) -> bool {
        let Self::App(app) = self else { return false };
        let app = Arc::get_mut(app);
        app.map(|app| app.visit = visit).is_some()
    }

    /// Asks for the first time, for as long as it takes a server to start.
    pub(super) async fn first(&self) -> Result<(), NoPage> {
        let started = Instant::now();
        loop {
            match self.ask().await {
                Err(_) if matches!(self, Self::Server { .. }) && started.elapsed() < START => {
                    tokio::time::sleep(REST[1]).await;
                }
                answered => return answered,
            }
        }
    }

    /// Asks once.
    pub(super) async fn ask(&self) -> Result<(), NoPage> {
        match self {
            Self::App(app) => app.ask().await,
            Self::Server { client, url } => {
                let asked = async {
                    let broken = |error: &dyn std::error::Error| NoPage::Broken(innermost(error));
                    let response = client.get(url.clone()).await.map_err(|error| broken(&error))?;
                    success(response.status())?;
                    response.into_body().collect().await.map_err(|error| broken(&error))?;
                    Ok(())
                };
                tokio::time::timeout(LONGEST, asked).await.unwrap_or(Err(NoPage::Late))
            }
        }
    }
}

impl App {
    async fn ask(&self) -> Result<(), NoPage> {
        let Self { engine, bundle, visit, .. } = self;
        let failed = |failure| NoPage::Failed(Box::new(failure));
        match visit {
            Visit::Render(props) => {
                engine.render(bundle, &Limits::default(), props).await.page.map(drop).map_err(failed)
            }
            Visit::Fetch(url) => {
                let mut request = Request::new(Empty::new());
                *request.uri_mut() =
                    url.parse().map_err(|error: http::uri::InvalidUri| NoPage::Broken(error.to_string()))?;
                let answer = engine.fetch(bundle, &Limits::default(), request, "{}").await;
                success(answer.response.map_err(failed)?.status())
            }
        }
    }
}

fn success(status: StatusCode) -> Result<(), NoPage> {
    if status.is_success() { Ok(()) } else { Err(NoPage::Status(status)) }
}

/// What is at the bottom of an error: "Connection refused", where the outermost says that it could not connect.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
