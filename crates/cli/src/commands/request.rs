//! The flags that make a request.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use dayfly::{Bundle, Engine, Exchange, Limits};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use serde_json::{Map, Value};

use crate::exit::Mistake;
use crate::input;

/// What an app's handler is asked for if nothing else is said.
pub(super) const ROOT_URL: &str = "http://localhost/";

/// What an app's `fetch` handler is sent.
#[derive(Debug, Args)]
#[command(next_help_heading = "Request")]
pub(super) struct RequestArgs {
    /// Call the app's `fetch` handler with a request for this URL [default: http://localhost/, for an app without render]
    #[arg(long, value_name = "URL", conflicts_with = "props", value_parser = whole_url)]
    pub(super) url: Option<Uri>,

    /// The request's method [default: GET, or POST with a body]
    #[arg(short = 'X', long, value_name = "METHOD", conflicts_with = "props")]
    method: Option<Method>,

    /// A header of the request's; may be given more than once
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = header, conflicts_with = "props")]
    header: Vec<(HeaderName, HeaderValue)>,

    /// The request's body: a file, or - for standard input, which the app is given as it comes
    #[arg(long, value_name = "FILE|-", conflicts_with = "props")]
    body: Option<PathBuf>,

    /// What the handler gets as `env`: a file with a JSON object
    #[arg(long, value_name = "FILE", conflicts_with = "props")]
    env: Option<PathBuf>,

    /// Print the status and the headers before the body
    #[arg(short, long)]
    pub(super) include: bool,
}

impl RequestArgs {
    /// Whether one of the flags asks for a request.
    pub(super) fn is_given(&self) -> bool {
        self.url.is_some()
            || self.method.is_some()
            || !self.header.is_empty()
            || self.body.is_some()
            || self.env.is_some()
            || self.include
    }

    /// Sends the request to a bundle's handler.
    pub(super) fn send(&self, engine: &Engine, bundle: &Bundle, limits: &Limits) -> Result<Exchange> {
        let body = input::body(self.body.as_deref())?;
        let has_body = self.body.is_some();
        let method = self.method.clone().unwrap_or(if has_body { Method::POST } else { Method::GET });
        let url = self.url.clone().unwrap_or_else(|| Uri::from_static(ROOT_URL));
        if has_body && (method == Method::GET || method == Method::HEAD) {
            return Err(Mistake(format!("a {method} request has no body: leave --body or --method out")).into());
        }
        let mut request = Request::new(body);
        (*request.method_mut(), *request.uri_mut()) = (method, url);
        for (name, value) in &self.header {
            request.headers_mut().append(name, value.clone());
        }
        Ok(engine.exchange(bundle, limits, request, &self.env()?))
    }

    fn env(&self) -> Result<String> {
        let Some(file) = &self.env else { return Ok("{}".into()) };
        let text = String::from_utf8(input::bytes(file)?);
        let text = text.map_err(|_| Mistake(format!("{} is not UTF-8", file.display())))?;
        serde_json::from_str::<Map<String, Value>>(&text)
            .map_err(|error| Mistake(format!("{} has no JSON object: {error}", file.display())))?;
        Ok(text)
    }
}

/// Reads a URL that a request can be for.
pub(super) fn whole_url(text: &str) -> std::result::Result<Uri, String> {
    let url: Uri = text.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;
    let is_whole = url.scheme().is_some() && url.authority().is_some();
    if is_whole { Ok(url) } else { Err("a whole URL is http://localhost/path".into()) }
}

fn header(text: &str) -> std::result::Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("a header is written as in `accept: text/html`")?;
    let name = HeaderName::try_from(name.trim()).map_err(|error| error.to_string())?;
    Ok((name, HeaderValue::try_from(value.trim()).map_err(|error| error.to_string())?))
}
