//! `dayfly health`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use http::{Method, StatusCode, Uri};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::exit::{Exit, Mistake};
use crate::report::print_note;

/// Ask a server whether it is ready
///
/// Exits with 0 if the answer's status is 2xx, and with 4 if it is another or there is none. For containers, whose images have no
/// other program that could ask.
#[derive(Debug, Args)]
pub(crate) struct Health {
    /// What to ask
    #[arg(default_value = "http://127.0.0.1:9090/readyz", value_name = "URL")]
    url: Uri,

    /// How long to wait, in seconds
    #[arg(long, default_value_t = 2, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=60))]
    wait: u64,
}

impl Health {
    pub(crate) fn exec(self) -> Result<Exit> {
        let host = self.url.host().filter(|_| self.url.scheme_str() == Some("http"));
        let host = host.ok_or_else(|| Mistake(format!("{} is no URL of http://", self.url)))?;
        let address = format!("{host}:{}", self.url.port_u16().unwrap_or(80));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let wait = Duration::from_secs(self.wait);
        let answer = runtime.block_on(async { tokio::time::timeout(wait, ask(&address, &self.url)).await });
        let why = match answer {
            Ok(Ok(status)) if status.is_success() => return Ok(Exit::Done),
            Ok(Ok(status)) => format!("the answer is {status}"),
            Ok(Err(error)) => format!("{error:#}"),
            Err(_) => format!("no answer within {} s", self.wait),
        };
        print_note(&format!("{}: {why}", self.url));
        Ok(Exit::Failed)
    }
}

async fn ask(address: &str, url: &Uri) -> Result<StatusCode> {
    let stream = TcpStream::connect(address).await?;
    let (mut client, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let request =
        http::Request::builder().method(Method::GET).uri(path).header("host", address).header("connection", "close");
    let response = client.send_request(request.body(Empty::<bytes::Bytes>::new())?).await?;
    connection.abort();
    Ok(response.status())
}
