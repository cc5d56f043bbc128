//! HTTP calls, which the host makes: what `js/fetch.js` asks for, and what comes of it; and a request's body, which is read as
//! those of their responses are.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use javy::quickjs::prelude::Rest;
use javy::quickjs::{Array, Ctx, Function, IntoJs, Object, Persistent, Result, TypedArray, Value};

use crate::contract::outgoing::{self, Error, ErrorKind, Event, Head, Progress, Request};
use crate::handle::{header_array, header_list};
use crate::runtime::define;
use crate::{clock, quickjs};

/// What is to be called when something has come of a call.
struct Waiting {
    callback: Persistent<Function<'static>>,
    context: Persistent<Value<'static>>,
}

thread_local! {
    static WAITING: RefCell<BTreeMap<u32, Waiting>> = const { RefCell::new(BTreeMap::new()) };
    /// Whether the last turn was a call's, so that the next one is a timer's if one is due.
    static WAS_LAST: Cell<bool> = const { Cell::new(false) };
}

/// What `js/fetch.js` and `js/body.js` call.
pub fn install(native: &Object<'_>) -> Result<()> {
    define(native, "startCall", start)?;
    define(native, "readCall", read)?;
    define(native, "countDecoded", count_decoded)?;
    define(native, "cancelCall", cancel)?;
    define(native, "dataUrl", data_url)
}

/// Begins a call. Gives its number, or why there is none: the kind of failure, and a message. `callback` is called once the
/// response's head is there.
fn start<'js>(
    ctx: Ctx<'js>,
    method: String,
    url: String,
    headers: Array<'js>,
    body: Value<'js>,
    callback: Function<'js>,
) -> Result<Value<'js>> {
    let headers = header_list(&headers)?;
    let room = outgoing::room();
    let length = quickjs::with_uint8_array(&body, |bytes| bytes.len()).unwrap_or(0);
    let size = headers.iter().fold(url.len() + length, |size, (name, value)| size + name.len() + value.len());
    let started = if size as u64 > room {
        // Not even copied.
        let message = format!("{room} bytes of requests are left to the render, and this one has {size}");
        Err(Error { kind: ErrorKind::TooLarge, message })
    } else {
        let body = quickjs::with_uint8_array(&body, <[u8]>::to_vec);
        outgoing::start(&Request { method, url, headers, body })
    };
    match started {
        Ok(call) => {
            wait_for(&ctx, call, callback);
            call.into_js(&ctx)
        }
        Err(error) => failure(&ctx, error),
    }
}

/// Asks for the next piece of a body; `callback` is called once it is there.
fn read<'js>(ctx: Ctx<'js>, call: u32, callback: Function<'js>) {
    outgoing::read(call);
    wait_for(&ctx, call, callback);
}

/// Counts what a body has grown by as it was decoded. Gives the failure if that is too much.
fn count_decoded<'js>(ctx: Ctx<'js>, call: u32, bytes: f64) -> Result<Option<Value<'js>>> {
    outgoing::decoded(call, bytes as u64).err().map(|error| failure(&ctx, error)).transpose()
}

fn cancel(call: u32) {
    WAITING.with_borrow_mut(|waiting| waiting.remove(&call));
    outgoing::cancel(call);
}

fn wait_for<'js>(ctx: &Ctx<'js>, call: u32, callback: Function<'js>) {
    let callback = Persistent::save(ctx, callback);
    let context = Persistent::save(ctx, quickjs::async_context(ctx));
    WAITING.with_borrow_mut(|waiting| waiting.insert(call, Waiting { callback, context }));
}

/// Whether anything may come of a call, or of a request's body.
pub fn is_waiting() -> bool {
    WAITING.with_borrow(|waiting| !waiting.is_empty())
}

/// Waits for one of the calls, until `due` (in nanoseconds since 1970) if there is such a time, and hands on what came of
/// it; false if nothing did. What that throws comes back.
pub fn turn(ctx: &Ctx<'_>, due: Option<u64>) -> Result<bool> {
    // A body that comes fast must not hold up a timer.
    if WAS_LAST.take() && due.is_some_and(|due| due <= clock::now()) {
        return Ok(false);
    }
    let event = outgoing::wait(due.map(|due| due.saturating_sub(clock::now())));
    clock::moved();
    let Some(Event { call, progress }) = event else { return Ok(false) };
    WAS_LAST.set(true);
    let Some(Waiting { callback, context }) = WAITING.with_borrow_mut(|waiting| waiting.remove(&call)) else {
        return Ok(true);
    };
    quickjs::set_async_context(ctx, &context.restore(ctx)?);
    callback.restore(ctx)?.call::<_, ()>((Rest(arguments(ctx, progress)?),))?;
    Ok(true)
}

/// What a callback is called with: what it is, and what belongs to it.
fn arguments<'js>(ctx: &Ctx<'js>, progress: Progress) -> Result<Vec<Value<'js>>> {
    Ok(match progress {
        Progress::Head(Head { status, status_text, headers }) => vec![
            "head".into_js(ctx)?,
            status.into_js(ctx)?,
            status_text.into_js(ctx)?,
            header_array(ctx, headers)?.into_value(),
        ],
        Progress::Chunk(bytes) => vec!["chunk".into_js(ctx)?, TypedArray::<u8>::new(ctx.clone(), bytes)?.into_value()],
        Progress::End => vec!["end".into_js(ctx)?],
        Progress::Failed(error) => vec!["failed".into_js(ctx)?, failure(ctx, error)?],
    })
}

/// The kind of a failure and its message.
fn failure<'js>(ctx: &Ctx<'js>, Error { kind, message }: Error) -> Result<Value<'js>> {
    let kind = match kind {
        ErrorKind::NotAllowed => "not-allowed",
        ErrorKind::Invalid => "invalid",
        ErrorKind::Dns => "dns",
        ErrorKind::Connect => "connect",
        ErrorKind::Tls => "tls",
        ErrorKind::Protocol => "protocol",
        ErrorKind::Timeout => "timeout",
        ErrorKind::TooMany => "too-many",
        ErrorKind::TooLarge => "too-large",
    };
    let failure = Array::new(ctx.clone())?;
    failure.set(0, kind)?;
    failure.set(1, message)?;
    Ok(failure.into_value())
}

/// What a `data:` URL holds: its type, and its bytes; nothing if it is none.
fn data_url<'js>(ctx: Ctx<'js>, url: String) -> Result<Option<Array<'js>>> {
    let Ok(url) = data_url::DataUrl::process(&url) else { return Ok(None) };
    let Ok((bytes, _)) = url.decode_to_vec() else { return Ok(None) };
    let data = Array::new(ctx.clone())?;
    data.set(0, url.mime_type().to_string())?;
    data.set(1, TypedArray::<u8>::new(ctx, bytes)?)?;
    Ok(Some(data))
}
