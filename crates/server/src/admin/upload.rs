//! The body of a deploy: streamed to the disk, and checked while it comes.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use dayfly::BundleId;
use dayfly_bundler::Source;
use futures_util::StreamExt;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use super::problem::Problem;
use crate::deploy::Upload;
use crate::server::Shared;
use crate::tasks::blocking;

/// How long the next piece of a body may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes a body: a bundle, or JavaScript of that name.
pub(super) async fn receive(shared: &Shared, headers: &HeaderMap, name: &str, body: Body) -> Result<Upload, Problem> {
    let is_bundle = is_bundle(headers)?;
    let expected = expected(headers)?;
    let most = shared.engine.config().bundle;
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    let mut body = body.into_data_stream();
    let came = match take(shared, &mut body, most).await {
        Ok(came) => came,
        Err(problem) => {
            // Who still sends would not see why it is refused, if the connection were closed before.
            let _ = tokio::time::timeout(PATIENCE, rest(&mut body, most)).await;
            return Err(problem);
        }
    };
    let Came { file, digest, bytes } = came;
    if expected.is_some_and(|expected| expected != digest) {
        let detail =
            format!("what came has the SHA-256 {}, and not the one of its header", BundleId::from_bytes(digest));
        let remedy = "send it again; if it happens again, look at what is between";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "digest-mismatch", detail, remedy));
    }
    if is_bundle {
        return Ok(Upload::Bundle { file, digest: BundleId::from_bytes(digest), bytes });
    }
    let text = blocking(move || std::fs::read(file.path())).await.map_err(|error| Problem::disk(&error))?;
    let text = String::from_utf8(text).map_err(|error| {
        let detail = format!("the JavaScript is not UTF-8 text: look at byte {}", error.utf8_error().valid_up_to());
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "source-syntax", detail, "save it as UTF-8")
    })?;
    Ok(Upload::Source(Source::new(name, text)))
}

/// A body, on the disk.
struct Came {
    file: NamedTempFile,
    digest: [u8; 32],
    bytes: u64,
}

async fn take(shared: &Shared, body: &mut BodyDataStream, most: u64) -> Result<Came, Problem> {
    let disk = |error| Problem::disk(&error);
    let store = shared.store.clone();
    let file = blocking(move || store.incoming()).await.map_err(disk)?;
    let mut to = tokio::fs::File::from_std(file.as_file().try_clone().map_err(disk)?);
    let (mut digest, mut bytes) = (Sha256::new(), 0);
    loop {
        let piece = match tokio::time::timeout(PATIENCE, body.next()).await {
            Ok(None) => break,
            Ok(Some(Ok(piece))) => piece,
            Ok(Some(Err(error))) => return Err(incomplete(&error.to_string())),
            Err(_) => return Err(incomplete("nothing came of it for 30 s")),
        };
        bytes += piece.len() as u64;
        if bytes > most {
            return Err(too_large(most));
        }
        digest.update(&piece);
        to.write_all(&piece).await.map_err(disk)?;
    }
    // What the disk says of the last piece it says now.
    to.flush().await.map_err(disk)?;
    Ok(Came { file, digest: digest.finalize().into(), bytes })
}

/// Reads what still comes, up to that many bytes.
async fn rest(body: &mut BodyDataStream, most: u64) {
    let mut bytes = 0;
    while let Some(Ok(piece)) = body.next().await {
        bytes += piece.len() as u64;
        if bytes > most {
            break;
        }
    }
}

/// Whether it is a bundle, or JavaScript.
fn is_bundle(headers: &HeaderMap) -> Result<bool, Problem> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/wasm" => Ok(true),
        "text/javascript" | "application/javascript" => Ok(false),
        _ => {
            let detail = format!("a body of the type {essence:?} cannot be deployed");
            let remedy = "send a bundle as application/wasm, or JavaScript as text/javascript";
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", detail, remedy))
        }
    }
}

/// The SHA-256 that the body is to have: `Repr-Digest` and `Content-Digest` as RFC 9530 has them, `Digest` as RFC 3230 does.
fn expected(headers: &HeaderMap) -> Result<Option<[u8; 32]>, Problem> {
    for name in ["repr-digest", "content-digest", "digest"] {
        if !headers.contains_key(name) {
            continue;
        }
        let wrong = || {
            let detail = format!("the header {name} has no SHA-256");
            let remedy = "write `Repr-Digest: sha-256=:BASE64:`, or leave it out";
            Problem::new(StatusCode::BAD_REQUEST, "digest-malformed", detail, remedy)
        };
        // One that is given more than once is one list.
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        let mut entries = values.flat_map(|value| value.split(',')).filter_map(|entry| entry.trim().split_once('='));
        let sha256 = entries.find(|(algorithm, _)| algorithm.eq_ignore_ascii_case("sha-256"));
        let (_, digest) = sha256.ok_or_else(wrong)?;
        let digest = BASE64_STANDARD.decode(digest.trim_matches(':')).map_err(|_| wrong())?;
        return Ok(Some(digest.try_into().map_err(|_| wrong())?));
    }
    Ok(None)
}

fn too_large(most: u64) -> Problem {
    let detail = format!("an app may have {most} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail, "leave out of the app what it does not need")
}

fn incomplete(why: &str) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "body-incomplete",
        format!("the body did not come whole: {why}"),
        "send it again",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_as_both_standards_write_them() {
        let id = BundleId::of(b"hello").to_bytes();
        let base64 = BASE64_STANDARD.encode(id);
        for (name, value) in [
            ("repr-digest", format!("sha-512=:AAAA:, sha-256=:{base64}:")),
            ("content-digest", format!("sha-256=:{base64}:")),
            ("digest", format!("SHA-256={base64}")),
        ] {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
            assert_eq!(expected(&headers).unwrap(), Some(id), "{name}: {value}");
        }
        let twice = ["sha-512=:AAAA:".to_owned(), format!("sha-256=:{base64}:")];
        let twice = twice.map(|value| ("repr-digest".parse().unwrap(), value.parse().unwrap()));
        let headers = twice.into_iter().fold(HeaderMap::new(), |mut headers, (name, value): (http::HeaderName, _)| {
            headers.append(name, value);
            headers
        });
        assert_eq!(expected(&headers).unwrap(), Some(id));
        for value in ["", "md5=AAAA", "sha-256=:AAAA:", "sha-256=:§:", "sha-256"] {
            let headers = HeaderMap::from_iter([(
                "repr-digest".parse().unwrap(),
                http::HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            )]);
            assert_eq!(expected(&headers).unwrap_err().code(), "digest-malformed", "{value}");
        }
        assert_eq!(expected(&HeaderMap::new()).unwrap(), None);
    }
}
