//! Requests for pages: to the group whose tenant it is, and its response back, both as they come.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arc_swap::ArcSwap;
use dayfly_http::strip_connection;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, Version};
use http_body_util::Either;
use hyper::body::Incoming;

use super::Shared;
use super::worker::Passed;
use crate::config::{Behind, Config};
use crate::connection::Answers;
use crate::drain::Drain;
use crate::pace::{Arrival, Paced};
use crate::refusal::{Last, Refusal, accepts_json};
use crate::respond::{REQUEST_ID, authority, make_whole};

impl Answers for Shared {
    type Body = Either<dayfly_http::Body, Passed>;

    fn config(&self) -> &ArcSwap<Config> {
        &self.config
    }

    fn drain(&self) -> &Drain {
        &self.drain
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Self::Body> {
        let accepts_json = accepts_json(request.headers());
        match self.pass(request).await {
            Ok(response) => response.map(Either::Right),
            Err(refusal) => {
                let id = format!("{:016x}", self.ids.span());
                let mut response = refusal.response(&id, accepts_json);
                response.headers_mut().insert(REQUEST_ID, HeaderValue::from_str(&id).expect("it is hexadecimal"));
                response.map(Either::Left)
            }
        }
    }
}

impl Shared {
    async fn pass(&self, request: Request<Incoming>) -> Result<Response<Passed>, Refusal> {
        let arrival = request.extensions().get::<Arrival>().cloned().unwrap_or_default();
        let (mut head, body) = request.into_parts();
        let authority = authority(&head)?;
        let group = self.table.load().find(&head.headers, authority.host(), head.uri.path()).cloned();
        let worker = self.worker(&group.ok_or(Refusal::NoTenant)?).ok_or(Refusal::GroupDown)?;
        // The whole URL tells the group's process what the client's scheme and host were.
        make_whole(&mut head, authority)?;
        head.version = Version::HTTP_11;
        let body = Paced::new(body, &self.config.load().http, arrival.clone());
        let sent = worker.send(Behind::PAGES, Request::from_parts(head, body)).await;
        let mut response = sent.map_err(|error| {
            let refusal = arrival.fault().unwrap_or(Refusal::GroupDown);
            if refusal == Refusal::GroupDown {
                worker.refused.fetch_add(1, Ordering::Relaxed);
            }
            tracing::debug!(group = worker.group.as_str(), %error, code = refusal.code(), "not answered");
            refusal
        })?;
        // What it says of its own connection holds for the client's: it has refused the head.
        if response.headers().get(CONNECTION).is_some_and(|connection| connection == "close") {
            response.extensions_mut().insert(Last);
        }
        strip_connection(response.headers_mut());
        Ok(response)
    }
}
