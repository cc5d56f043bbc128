//! The admin API of a server, from the command line.

use std::fmt;
use std::path::PathBuf;

use anyhow::Result;
use bytes::Bytes;
use clap::Args;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::Value;

use crate::exit::{Exit, Mistake};
use crate::report::{print_problem, printable};

/// Which server, and who asks.
///
/// The token is that of the variable DAYFLY_TOKEN, or the one that the server left in its folder of state.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArgs {
    /// The URL of the admin API [default: $DAYFLY_SERVER, or what a server on this machine left in its folder of state]
    #[arg(long, value_name = "URL")]
    server: Option<String>,

    /// The folder of state of a server on this machine [default: of those that `dayfly serve` has by default, the one of the server
    /// that was started last]
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
}

/// What a server leaves for clients of the same user.
#[derive(Deserialize)]
struct Note {
    url: String,
    token: String,
}

impl ServerArgs {
    /// The server that is meant, with a token.
    pub(crate) fn client(&self) -> Result<Client> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let url = self.server.clone().or_else(|| variable("DAYFLY_SERVER").filter(|_| self.state.is_none()));
        let token = variable("DAYFLY_TOKEN");
        let (url, token) = match (url, token) {
            (Some(url), Some(token)) => (url, token),
            (url, token) => {
                let note = self.note(url.as_deref())?;
                (url.unwrap_or(note.url), token.unwrap_or(note.token))
            }
        };
        let url = url.trim_end_matches('/').to_owned();
        if !url.starts_with("http://") {
            let why = "only http:// is spoken; where the API is behind TLS, go through a tunnel";
            return Err(Mistake(format!("the server {url:?} cannot be asked: {why}")).into());
        }
        let token = format!("Bearer {token}");
        if token.parse::<http::HeaderValue>().is_err() {
            return Err(Mistake("the token has characters that no token has: look at DAYFLY_TOKEN".into()).into());
        }
        Ok(Client { url, token, http: Http::builder(TokioExecutor::new()).build_http() })
    }

    /// What a server on this machine left; if a URL is given, of that server.
    fn note(&self, url: Option<&str>) -> Result<Note> {
        let path = self.note_path()?;
        let note = std::fs::read(&path).map_err(|error| {
            let remedy = "start `dayfly serve`, or name its folder with --state, or give --server and DAYFLY_TOKEN";
            Mistake(format!("no server is found: {}: {error}; {remedy}", path.display()))
        })?;
        let note: Note = serde_json::from_slice(&note)
            .map_err(|error| Mistake(format!("{} is not what a server writes: {error}", path.display())))?;
        // A token is for the server that it was made for, and is sent to no other.
        if url.is_some_and(|url| url.trim_end_matches('/') != note.url) {
            let remedy = "set DAYFLY_TOKEN to one that `dayfly tenant token` made for it";
            return Err(
                Mistake(format!("there is no token for the server {}: {remedy}", url.unwrap_or_default())).into()
            );
        }
        Ok(note)
    }

    /// Where a server left it: in the folder of state, or, of those that there are by default, in the one of the last server.
    fn note_path(&self) -> Result<PathBuf> {
        let folders = match &self.state {
            Some(state) => vec![state.clone()],
            None => crate::commands::default_states().into_iter().flatten().collect(),
        };
        let notes = folders.into_iter().map(|folder| folder.join("admin.json"));
        // Of those that are not there, the first.
        let left = |note: &PathBuf| std::cmp::Reverse(std::fs::metadata(note).and_then(|note| note.modified()).ok());
        let note = notes.min_by_key(left);
        Ok(note.ok_or_else(|| Mistake("there is no home folder: give --state or --server".into()))?)
    }
}

/// A server's admin API.
pub(crate) struct Client {
    url: String,
    token: String,
    http: Http<HttpConnector, Full<Bytes>>,
}

/// Why a server did not do what it was asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Refused {
    pub(crate) code: String,
    status: u16,
    detail: String,
    #[serde(default)]
    remedy: String,
    stack: Option<String>,
    #[serde(default)]
    console: Vec<String>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "; {}", self.remedy) }
    }
}

impl std::error::Error for Refused {}

impl Refused {
    /// Prints it, and says how to end.
    pub(crate) fn print(&self) -> Exit {
        for line in &self.console {
            anstream::eprintln!("{}", printable(line));
        }
        print_problem(&self.to_string(), [self.stack.as_deref(), None]);
        if self.code.starts_with("app-") || self.code.starts_with("smoke-") {
            Exit::Threw
        } else if self.code.starts_with("limit-") {
            Exit::Limit
        } else if (400..500).contains(&self.status) {
            Exit::Usage
        } else {
            Exit::Failed
        }
    }
}

impl Client {
    /// Asks for something; gives the answer's JSON, which is null where there is none.
    ///
    /// # Errors
    /// [`Refused`], or that no server answers.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<(&str, Bytes)>) -> Result<Value> {
        read(self.send(method, path, body, None).await?).await
    }

    /// The same, and the answer is yet to be read. `digest` goes with the body.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Bytes)>,
        digest: Option<String>,
    ) -> Result<Response<Incoming>> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        request = request.header(AUTHORIZATION, &self.token);
        if let Some((kind, _)) = &body {
            request = request.header(CONTENT_TYPE, *kind);
        }
        if let Some(digest) = digest {
            request = request.header("repr-digest", digest);
        }
        let request = request.body(Full::new(body.map(|(_, body)| body).unwrap_or_default()));
        let request =
            request.map_err(|error| Mistake(format!("the server {:?} cannot be asked: {error}", self.url)))?;
        let response = self.http.request(request).await.map_err(|error| {
            let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            Mistake(format!("no server answers at {}: {cause}", self.url))
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Err(serde_json::from_slice::<Refused>(&body).unwrap_or_else(|_| Refused::other(&self.url, status)).into())
    }
}

impl Refused {
    fn other(url: &str, status: StatusCode) -> Self {
        let detail = format!("{url} answers {status}, which no admin API of Dayfly does");
        let remedy = "look at --server: it is the address of the admin API, and not of the pages".into();
        Self { code: "no-api".into(), status: 400, detail, remedy, stack: None, console: Vec::new() }
    }
}

/// The JSON of an answer, which is null where there is none.
pub(crate) async fn read(response: Response<Incoming>) -> Result<Value> {
    let body = response.into_body().collect().await?.to_bytes();
    Ok(if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? })
}

/// Prints what was refused, if it was a server that did; other errors go on.
pub(crate) fn or_refused(result: Result<Exit>) -> Result<Exit> {
    match result {
        Err(error) => match error.downcast::<Refused>() {
            Ok(refused) => Ok(refused.print()),
            Err(error) => Err(error),
        },
        done => done,
    }
}
