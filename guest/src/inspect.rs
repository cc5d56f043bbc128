//! How a value that was thrown, and is no error, reads on one line, in the manner of Node's `util.inspect`. What a console
//! shows is made in `js/`.
//!
//! Values are the app's, so reading them is bounded: getters and proxies are named and not called (only a date's
//! `toISOString` and a pattern's `toString` are), what nests deeper than two levels or goes on for more than a hundred
//! items is cut, and so is the text.

use javy::quickjs::object::Filter;
use javy::quickjs::{Array, Coerced, Function, Object, String as JsString, Symbol, Type, Value};

use crate::quickjs::{self, Kind, Own};
use crate::thrown;

const MOST_DEPTH: usize = 2;
const MOST_ITEMS: usize = 100;

/// One value, as a console call with it alone would show it.
pub fn value(value: &Value<'_>, most: usize) -> String {
    let mut text = Text { out: String::new(), most };
    text.top(value);
    cut(text.out, most)
}

/// A JavaScript string as UTF-8: a lone surrogate becomes U+FFFD.
pub fn string(string: &JsString<'_>) -> String {
    string.to_string().unwrap_or_else(|error| javy::to_string_lossy(string.ctx(), string, error))
}

/// Cuts a text to `most` bytes, at a character's boundary, and says so.
pub fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
}

/// What `typeof` would say, but for `null`.
pub fn type_name(value: &Value<'_>) -> &'static str {
    match value.type_of() {
        Type::Undefined | Type::Uninitialized => "undefined",
        Type::Null => "null",
        Type::Bool => "boolean",
        Type::Int | Type::Float => "number",
        Type::String => "string",
        Type::Symbol => "symbol",
        Type::BigInt => "bigint",
        Type::Function | Type::Constructor => "function",
        _ => "object",
    }
}

/// A text that grows to a bound.
struct Text {
    out: String,
    most: usize,
}

impl Text {
    fn is_full(&self) -> bool {
        self.out.len() > self.most
    }

    /// Appends, up to a little more than the bound, so that `cut` sees that there was more.
    fn push(&mut self, text: &str) {
        let room = (self.most + 4).saturating_sub(self.out.len());
        self.out.push_str(&text[..text.floor_char_boundary(room)]);
    }

    /// A value that stands for itself: a string as it is.
    fn top(&mut self, value: &Value<'_>) {
        match value.as_string() {
            Some(text) => self.push(&string(text)),
            None => self.nested(value, 0),
        }
    }

    fn nested(&mut self, value: &Value<'_>, depth: usize) {
        if self.is_full() {
            return;
        }
        match value.type_of() {
            Type::String => self.quoted(&string(value.as_string().expect("its type says so"))),
            Type::Float if value.as_float().is_some_and(|number| number == 0.0 && number.is_sign_negative()) => {
                self.push("-0");
            }
            Type::Symbol => self.symbol(value.as_symbol().expect("its type says so")),
            Type::BigInt => {
                self.coerced(value);
                self.push("n");
            }
            Type::Proxy => self.push("[Proxy]"),
            Type::Function | Type::Constructor => self.function(value.as_function().expect("its type says so")),
            Type::Array => self.array(value.as_array().expect("its type says so"), depth),
            Type::Undefined | Type::Null | Type::Bool | Type::Int | Type::Float => self.coerced(value),
            _ => match value.as_object() {
                Some(object) => self.object(object, depth),
                None => self.push(type_name(value)),
            },
        }
    }

    /// What `String(value)` gives, for values where that runs none of the app's code.
    fn coerced(&mut self, value: &Value<'_>) {
        match value.get::<Coerced<String>>() {
            Ok(text) => self.push(&text.0),
            Err(_) => {
                value.ctx().catch();
                self.push(type_name(value));
            }
        }
    }

    fn quoted(&mut self, text: &str) {
        // The escapes of Rust's Debug are JavaScript's too, for quotes, backslashes and control characters.
        let quoted = format!("{text:?}");
        let inner = quoted[1..quoted.len() - 1].replace("\\\"", "\"").replace('\'', "\\'");
        self.push("'");
        self.push(&inner);
        self.push("'");
    }

    fn symbol(&mut self, symbol: &Symbol<'_>) {
        self.push("Symbol(");
        if let Ok(description) = symbol.description()
            && let Some(text) = description.as_string()
        {
            self.push(&string(text));
        }
        self.push(")");
    }

    fn function(&mut self, function: &Function<'_>) {
        let name = own_text(function.as_object().expect("a function is an object"), "name").unwrap_or_default();
        let class = quickjs::class_name(function.as_value()).unwrap_or_default();
        let kind = if class.starts_with("Async") || class.starts_with("Generator") { &*class } else { "Function" };
        match name.as_str() {
            "" => self.push(&format!("[{kind} (anonymous)]")),
            name => self.push(&format!("[{kind}: {name}]")),
        }
    }

    fn array(&mut self, array: &Array<'_>, depth: usize) {
        let object = array.as_object();
        // `Array::len` takes only what fits 31 bits.
        let length = object.get::<_, f64>("length").map_err(|_| object.ctx().catch()).unwrap_or_default() as usize;
        if depth > MOST_DEPTH {
            return self.push("[Array]");
        }
        if length == 0 {
            return self.push("[]");
        }
        self.push("[ ");
        for index in 0..length.min(MOST_ITEMS) {
            if self.is_full() {
                return;
            }
            if index > 0 {
                self.push(", ");
            }
            let key = Value::new_int(object.ctx().clone(), index as i32);
            self.property(object, key, depth);
        }
        self.more(length);
        self.push(" ]");
    }

    /// What stands under one key of the object's own.
    fn property<'js>(&mut self, object: &Object<'js>, key: Value<'js>, depth: usize) {
        match quickjs::own_property(object, &key) {
            Own::Nothing => self.push("<empty>"),
            Own::Accessor => self.push("[Getter]"),
            Own::Value => match object.get::<_, Value<'_>>(key) {
                Ok(value) => self.nested(&value, depth + 1),
                Err(_) => {
                    object.ctx().catch();
                }
            },
        }
    }

    fn more(&mut self, all: usize) {
        if all > MOST_ITEMS {
            self.push(&format!(", ... {} more items", all - MOST_ITEMS));
        }
    }

    fn object(&mut self, object: &Object<'_>, depth: usize) {
        if object.is_error() {
            let text = thrown::with_stack(object.as_value());
            return self.push(&text);
        }
        let class = class_name(object);
        match quickjs::kind(object) {
            // Its size and its entries are behind functions that the app may have replaced.
            Kind::Map | Kind::Set => return self.push(&format!("[{class}]")),
            Kind::Date | Kind::RegExp => return self.called(object),
            Kind::Other => {}
        }
        if depth > MOST_DEPTH {
            return self.push(&format!("[{class}]"));
        }
        self.properties(object, &class, depth);
    }

    /// A date as `toISOString` gives it and a pattern as `toString` does: the app may have replaced either.
    fn called(&mut self, object: &Object<'_>) {
        let name = if quickjs::kind(object) == Kind::Date { "toISOString" } else { "toString" };
        let text = object
            .get::<_, Function<'_>>(name)
            .and_then(|function| function.call::<_, Coerced<String>>((javy::quickjs::prelude::This(object.clone()),)))
            .map_err(|_| object.ctx().catch());
        self.push(&text.map_or_else(|_| "Invalid Date".into(), |text| text.0));
    }

    fn properties(&mut self, object: &Object<'_>, class: &str, depth: usize) {
        if class != "Object" {
            self.push(class);
            self.push(" ");
        }
        let keys = object.own_keys::<JsString<'_>>(Filter::new().string().enum_only());
        let all = keys.len();
        if all == 0 {
            return self.push("{}");
        }
        self.push("{ ");
        for (index, key) in keys.take(MOST_ITEMS).filter_map(Result::ok).enumerate() {
            if self.is_full() {
                return;
            }
            if index > 0 {
                self.push(", ");
            }
            self.key(&string(&key));
            self.push(": ");
            self.property(object, key.into_value(), depth);
        }
        self.more(all);
        self.push(" }");
    }

    fn key(&mut self, key: &str) {
        let is_name = !key.starts_with(|c: char| c.is_ascii_digit())
            && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
            && !key.is_empty();
        if is_name { self.push(key) } else { self.quoted(key) }
    }
}

/// The name of an object's class, as far as it can be told without running the app's code.
fn class_name(object: &Object<'_>) -> String {
    let Some(prototype) = object.get_prototype() else { return "[Object: null prototype]".into() };
    let constructor = own(&prototype, "constructor").and_then(Value::into_object);
    constructor.and_then(|it| own_text(&it, "name")).filter(|name| !name.is_empty()).unwrap_or_else(|| "Object".into())
}

fn own_text(object: &Object<'_>, key: &str) -> Option<String> {
    own(object, key)?.as_string().map(string)
}

/// A data property of the object's own.
fn own<'js>(object: &Object<'js>, key: &str) -> Option<Value<'js>> {
    if object.is_proxy() {
        return None;
    }
    let name = JsString::from_str(object.ctx().clone(), key).ok()?;
    if quickjs::own_property(object, name.as_value()) == Own::Accessor {
        return None;
    }
    object.get(key).map_err(|_| object.ctx().catch()).ok()
}
