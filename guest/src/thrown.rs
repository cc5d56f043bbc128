//! An exception as the contract's record. The app made the object, so every read of it may throw, loop or lie.

use javy::quickjs::{Coerced, Ctx, Object, Value};

use crate::contract::renderer::{Error, Thrown};
use crate::{inspect, quickjs};

/// How many causes are followed; a chain may be endless.
const MOST_CAUSES: usize = 8;
/// How many bytes of a name, and of a message or a stack, are kept.
const MOST_NAME: usize = 256;
const MOST_TEXT: usize = 16 << 10;

/// The exception that is pending in `ctx`, with its causes.
pub fn catch(ctx: &Ctx<'_>) -> Thrown {
    from_value(&ctx.catch())
}

/// A thrown value with its causes.
pub fn from_value(value: &Value<'_>) -> Thrown {
    let mut causes: Vec<_> = several(value).iter().map(error).collect();
    let mut next = cause(value);
    while let Some(value) = next {
        if causes.len() >= MOST_CAUSES {
            break;
        }
        causes.push(error(&value));
        next = cause(&value);
    }
    Thrown { error: error(value), causes }
}

/// A thrown value in one line: `TypeError: x is not a function`.
pub fn headline(value: &Value<'_>) -> String {
    let Error { name, message, .. } = error(value);
    if message.is_empty() { name } else { format!("{name}: {message}") }
}

/// A thrown value as a console shows it: the headline, then the stack.
pub fn with_stack(value: &Value<'_>) -> String {
    let stack = error(value).stack;
    if stack.is_empty() { headline(value) } else { format!("{}\n{stack}", headline(value)) }
}

fn error(value: &Value<'_>) -> Error {
    match value.as_object() {
        Some(object) if is_error(object) => Error {
            name: text(object, "name").map_or_else(|| "Error".into(), |name| inspect::cut(name, MOST_NAME)),
            message: text(object, "message").map_or_else(String::new, |message| inspect::cut(message, MOST_TEXT)),
            stack: text(object, "stack").map_or_else(String::new, |stack| inspect::cut(frames(&stack).into(), MOST_TEXT)),
        },
        object => {
            let (name, message) = object
                .and_then(named)
                .unwrap_or_else(|| (inspect::type_name(value).into(), inspect::value(value, MOST_TEXT)));
            let (name, message) = (inspect::cut(name, MOST_NAME), inspect::cut(message, MOST_TEXT));
            let stack = quickjs::thrown_stack(value).into_string().map(|stack| inspect::string(&stack));
            let stack = stack.map_or_else(String::new, |stack| inspect::cut(frames(&stack).into(), MOST_TEXT));
            Error { name, message, stack }
        }
    }
}

/// The calls of a stack, without the headline that it begins with.
fn frames(stack: &str) -> &str {
    let start = if stack.starts_with("    at ") { 0 } else { stack.find("\n    at ").map_or(stack.len(), |end| end + 1) };
    stack[start..].trim_end()
}

/// An `Error`, or what looks like one: frameworks throw objects of their own with a message and a stack.
fn is_error(object: &Object<'_>) -> bool {
    object.is_error() || (!object.is_proxy() && text(object, "message").is_some() && text(object, "stack").is_some())
}

/// Class and message of an object whose class is the app's own and no kind of `Error`, as those of test harnesses are.
fn named(object: &Object<'_>) -> Option<(String, String)> {
    let message = get(object, "message").filter(|_| !object.is_proxy())?.into_string()?;
    let class = text(get(object, "constructor")?.as_object()?, "name")?;
    (class != "Object" && !class.is_empty()).then(|| (class, inspect::string(&message)))
}

/// The errors of an `AggregateError`, the first ones.
fn several<'js>(value: &Value<'js>) -> Vec<Value<'js>> {
    let errors = value.as_object().filter(|object| object.is_error()).and_then(|object| get(object, "errors"));
    let Some(errors) = errors.and_then(Value::into_array) else { return Vec::new() };
    (0..errors.len().min(MOST_CAUSES)).map_while(|at| errors.get(at).map_err(|_| errors.ctx().catch()).ok()).collect()
}

fn cause<'js>(value: &Value<'js>) -> Option<Value<'js>> {
    let object = value.as_object().filter(|object| is_error(object))?;
    get(object, "cause").filter(|cause| !cause.is_undefined())
}

/// A property that is a string; anything else is made one if that does not throw.
fn text(object: &Object<'_>, key: &str) -> Option<String> {
    let value = get(object, key)?;
    if value.is_undefined() || value.is_null() {
        return None;
    }
    if let Some(string) = value.as_string() {
        return Some(inspect::string(string));
    }
    value.get::<Coerced<String>>().map_err(|_| object.ctx().catch()).ok().map(|text| text.0)
}

fn get<'js>(object: &Object<'js>, key: &str) -> Option<Value<'js>> {
    object.get(key).map_err(|_| object.ctx().catch()).ok()
}
