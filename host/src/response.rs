//! A response as a guest gives it, piece by piece.

use std::fmt;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use tokio::sync::mpsc;

use crate::contract::response;
use crate::limits::{Exceeded, Limit, Limits};

/// What comes of a request while the guest goes on.
#[derive(Debug)]
pub(crate) enum Piece {
    Head(Parts),
    Chunk(Bytes),
    /// The body has ended.
    End,
}

/// Where a guest's response goes: to whoever reads it, a piece at a time.
#[derive(Debug)]
pub(crate) struct Outlet {
    stage: Stage,
    /// Bytes of body that were handed on.
    sent: u64,
    most_body: u64,
    most_headers: u64,
}

#[derive(Debug)]
enum Stage {
    /// No request is being answered.
    Idle,
    Asked(mpsc::Sender<Piece>),
    Started(mpsc::Sender<Piece>),
    Finished,
}

/// The guest does not keep to the contract.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Breach(String);

impl Outlet {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { stage: Stage::Idle, sent: 0, most_body: limits.page, most_headers: limits.headers }
    }

    /// Says where the guest's answer goes.
    pub(crate) fn open(&mut self, pieces: mpsc::Sender<Piece>) {
        self.stage = Stage::Asked(pieces);
    }

    /// Whether the guest has given a whole response.
    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.stage, Stage::Finished)
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether a request is being answered, or was.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Idle)
    }

    pub(crate) fn start(&mut self, status: u16, headers: Vec<response::Header>) -> wasmtime::Result<()> {
        let Stage::Asked(sender) = std::mem::replace(&mut self.stage, Stage::Finished) else {
            return Err(Breach("the guest started a response that nobody asked for".into()).into());
        };
        if header_bytes(headers.iter().map(|(name, value)| (name.len(), value.chars().count()))) > self.most_headers {
            return Err(Exceeded(Limit::ResponseHeaders).into());
        }
        // There is room for it: it is the first piece.
        let _ = sender.try_send(Piece::Head(head(status, headers)?));
        self.stage = Stage::Started(sender);
        Ok(())
    }

    /// Hands a piece on once there is room for it; false if nobody reads it.
    pub(crate) async fn write(&mut self, chunk: Vec<u8>) -> wasmtime::Result<bool> {
        let Stage::Started(sender) = &self.stage else {
            return Err(Breach("the guest wrote to a response that is not open".into()).into());
        };
        let sent = self.sent + chunk.len() as u64;
        if sent > self.most_body {
            return Err(Exceeded(Limit::Page).into());
        }
        self.sent = sent;
        if chunk.is_empty() {
            return Ok(!sender.is_closed());
        }
        let is_read = sender.send(Piece::Chunk(chunk.into())).await.is_ok();
        // Not before there is room for the next one: a guest that makes pieces makes one at a time.
        Ok(is_read && sender.reserve().await.is_ok())
    }

    pub(crate) async fn finish(&mut self) -> wasmtime::Result<()> {
        let Stage::Started(sender) = std::mem::replace(&mut self.stage, Stage::Finished) else {
            return Err(Breach("the guest finished a response that is not open".into()).into());
        };
        let _ = sender.send(Piece::End).await;
        Ok(())
    }
}

/// Bytes of headers as HTTP/1.1 writes them: `name: value` and a line break.
pub(crate) fn header_bytes(headers: impl Iterator<Item = (usize, usize)>) -> u64 {
    headers.map(|(name, value)| name as u64 + value as u64 + 4).sum()
}

fn head(status: u16, headers: Vec<response::Header>) -> wasmtime::Result<Parts> {
    let (mut head, ()) = http::Response::new(()).into_parts();
    if !(200..=599).contains(&status) {
        return Err(breach(format!("the status {status}")).into());
    }
    head.status = StatusCode::from_u16(status).map_err(breach)?;
    for (name, value) in headers {
        let value: Option<Vec<u8>> = value.chars().map(|character| u8::try_from(character).ok()).collect();
        let value = value.ok_or_else(|| Breach(format!("the header {name} has a character that is no byte")))?;
        let name = HeaderName::try_from(name).map_err(breach)?;
        // A map of headers has room for some 24,000 names, whatever the limit is.
        let appended = head.headers.try_append(name, HeaderValue::try_from(value).map_err(breach)?);
        appended.map_err(|_| Exceeded(Limit::ResponseHeaders))?;
    }
    Ok(head)
}

fn breach(error: impl fmt::Display) -> Breach {
    Breach(format!("the guest gave a response that HTTP has no words for: {error}"))
}
