//! What is done once while the engine is prepared, so that renders need not: see `js/warm.js`.

use javy::quickjs::{Ctx, Object};

use crate::contract::handler::{Body, Request};
use crate::quickjs::{self, Code};
use crate::render::DEFAULT_BOUNDS;
use crate::{handle, web};

/// Has requests answered, and keeps the shapes of all objects that this makes.
pub fn up(ctx: &Ctx<'_>) {
    quickjs::keep_shapes(ctx, true);
    let code = Code::script(ctx, web::NAME, include_str!("../js/warm.js")).and_then(|code| code.run());
    let app = code.ok().and_then(|app| app.into_object()).expect("its value is an object");
    app.set("util", web::module(ctx, "node:util")).expect("it is an ordinary object");
    for (path, body) in [("text", None), ("json", Some(Body::Whole(b"{}".to_vec()))), ("stream", None)] {
        answer(ctx, &app, path, body);
    }
    quickjs::keep_shapes(ctx, false);
}

fn answer<'js>(ctx: &Ctx<'js>, app: &Object<'js>, path: &str, body: Option<Body>) {
    let request = Request {
        method: if body.is_some() { "POST" } else { "GET" }.into(),
        url: format!("http://localhost/{path}?a=b"),
        headers: vec![("host".into(), "localhost".into()), ("accept".into(), "text/html".into())],
        body,
        env: "{}".into(),
    };
    // A failure is a defect of ours, found by whoever builds the engine.
    let answered = handle::answer_unsent(ctx, app.clone(), request, DEFAULT_BOUNDS);
    assert!(answered.is_ok_and(|body| !body.is_empty()), "the request for /{path} is not answered");
}
