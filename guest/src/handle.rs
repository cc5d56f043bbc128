//! One request: the app's `fetch` handler is called, and its response is handed on as it comes.

use std::cell::{Cell, RefCell};
use std::mem;

use javy::quickjs::{Array, Ctx, Exception, Object, Result, String as JsString, TypedArray, Value};

use crate::contract::handler::{Body, Request};
use crate::contract::renderer::{Bounds, Failure};
use crate::contract::response;
use crate::render::{self, DEFAULT_BOUNDS};
use crate::runtime::define;
use crate::{console, inspect, load, quickjs, runtime, web};

thread_local! {
    /// How many more bytes the body may have, and whether it wanted more.
    static ROOM: Cell<u64> = const { Cell::new(u64::MAX) };
    static IS_FULL: Cell<bool> = const { Cell::new(false) };
    /// What has been written of an answer that goes nowhere.
    static UNSENT: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Answers one request.
pub fn handle(request: Request, bounds: Option<Bounds>) -> std::result::Result<(), Failure> {
    let bounds = bounds.unwrap_or(DEFAULT_BOUNDS);
    runtime::runtime().context().with(|ctx| {
        render::renew(&ctx);
        let app = load::handler(&ctx)?;
        // Never to be freed: that is work for memory that is dropped as a whole, and would call back what the app has registered for
        // it, after the answer.
        answer(&ctx, app, request, bounds).map(mem::forget)
    })
}

/// Has the app answer a request; gives the body, which goes nowhere.
pub fn answer_unsent<'js>(
    ctx: &Ctx<'js>,
    app: Object<'js>,
    request: Request,
    bounds: Bounds,
) -> std::result::Result<Vec<u8>, Failure> {
    UNSENT.set(Some(Vec::new()));
    let answered = answer(ctx, app, request, bounds);
    let body = UNSENT.take().unwrap_or_default();
    answered.map(|_| body)
}

/// Gives the objects of the request that is answered.
fn answer<'js>(
    ctx: &Ctx<'js>,
    app: Object<'js>,
    request: Request,
    bounds: Bounds,
) -> std::result::Result<Value<'js>, Failure> {
    let env = render::parse(ctx, &request.env)?;
    if !env.is_object() || env.is_array() {
        return Err(Failure::InvalidProps("a handler's env is a JSON object".into()));
    }
    let parts = parts(ctx, request).map_err(|_| render::threw(ctx))?;
    ROOM.set(bounds.page);
    render::bound_stack(ctx, bounds);
    let hook = web::hook(ctx, "handle").expect("the globals are set");
    let handled = render::call(ctx, &hook, (app, parts, env), render::wait);
    console::report_rejections(ctx);
    if IS_FULL.get() { Err(Failure::PageTooLarge) } else { handled }
}

fn parts<'js>(ctx: &Ctx<'js>, request: Request) -> Result<Object<'js>> {
    let Request { method, url, headers, body, env: _ } = request;
    let parts = Object::new(ctx.clone())?;
    parts.set("method", method)?;
    parts.set("url", url)?;
    parts.set("headers", header_array(ctx, headers)?)?;
    match body {
        Some(Body::Whole(bytes)) => parts.set("body", TypedArray::<u8>::new(ctx.clone(), bytes)?)?,
        // The number by which it is read.
        Some(Body::Streamed(id)) => parts.set("body", id)?,
        None => {}
    }
    Ok(parts)
}

/// Headers as the scripts have them: arrays of a name and a value.
pub fn header_array<'js>(ctx: &Ctx<'js>, headers: Vec<(String, String)>) -> Result<Array<'js>> {
    let list = Array::new(ctx.clone())?;
    for (index, (name, value)) in headers.into_iter().enumerate() {
        let header = Array::new(ctx.clone())?;
        header.set(0, name)?;
        header.set(1, value)?;
        list.set(index, header)?;
    }
    Ok(list)
}

/// Headers as the contract has them.
pub fn header_list(headers: &Array<'_>) -> Result<Vec<(String, String)>> {
    let header = |header: Result<Array<'_>>| -> Result<(String, String)> {
        let header = header?;
        let name = inspect::string(&header.get(0)?).to_ascii_lowercase();
        Ok((name, inspect::string(&header.get(1)?)))
    };
    headers.iter().map(header).collect()
}

/// What `js/handle.js` answers with.
pub fn install(native: &Object<'_>) -> Result<()> {
    define(native, "respond", respond)?;
    define(native, "writeBody", write)?;
    define(native, "writeText", write_text)?;
    define(native, "finishBody", finish)?;
    define(native, "describe", describe)
}

fn respond(ctx: Ctx<'_>, status: u16, headers: Array<'_>) -> Result<()> {
    let headers = header_list(&headers)?;
    if status < 200 {
        return Err(Exception::throw_type(&ctx, &format!("the status {status} answers no request")));
    }
    // What `Headers` takes and HTTP has no words for: RFC 9110, 5.5.
    let is_wrong = |byte: u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
    if let Some((name, _)) = headers.iter().find(|(_, value)| value.bytes().any(is_wrong)) {
        return Err(Exception::throw_type(&ctx, &format!("the header {name} has a character that HTTP does not allow")));
    }
    if UNSENT.with_borrow(Option::is_none) {
        response::start(status, &headers);
    }
    Ok(())
}

fn finish() {
    if UNSENT.with_borrow(Option::is_none) {
        response::finish();
    }
}

/// Hands on a piece of the body; false if nobody wants more of it.
fn write<'js>(ctx: Ctx<'js>, chunk: Value<'js>) -> Result<bool> {
    // Copied, as the host may take long, and the array is not ours meanwhile.
    let bytes = quickjs::with_uint8_array(&chunk, <[u8]>::to_vec);
    let bytes = bytes.ok_or_else(|| Exception::throw_type(&ctx, "a chunk of a response's body is not a Uint8Array"))?;
    write_bytes(&ctx, &bytes)
}

/// The same for a body that is text.
fn write_text<'js>(ctx: Ctx<'js>, text: JsString<'js>) -> Result<bool> {
    write_bytes(&ctx, inspect::string(&text).as_bytes())
}

fn write_bytes(ctx: &Ctx<'_>, bytes: &[u8]) -> Result<bool> {
    let Some(room) = ROOM.get().checked_sub(bytes.len() as u64) else {
        // What throws here is our own code, so that nothing says that the body has ended.
        IS_FULL.set(true);
        return Err(Exception::throw_range(ctx, "the body is larger than it may be"));
    };
    ROOM.set(room);
    let is_unsent = UNSENT.with_borrow_mut(|unsent| unsent.as_mut().map(|unsent| unsent.extend_from_slice(bytes)).is_some());
    Ok(is_unsent || response::write(bytes))
}

/// The text of a value that is no `Response`, for a message.
fn describe(value: Value<'_>) -> String {
    inspect::cut(render::describe(&value), 200)
}
