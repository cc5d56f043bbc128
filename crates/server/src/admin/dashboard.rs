//! The dashboard: a page, and the files that it is made of. They tell nothing of the server, so they need no token; the page asks for
//! one, and gets the rest from the API with it. Their sources, and what builds them, are in `dashboard/`.

use std::sync::LazyLock;

use axum::extract::{Path, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest, Sha256};

use super::problem::Problem;
use crate::conditional::{Conditions, strip};

/// The page may have what comes from here, and nothing else: no script or style in it or in an attribute, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file with a digest in its name never changes; the others are asked for again each time.
const KEPT: &str = "public, max-age=31536000, immutable";
const ASKED: &str = "no-cache";

static PAGE: LazyLock<File> = LazyLock::new(|| {
    File::new("index.html", "text/html; charset=utf-8", include_bytes!("../../dashboard/dist/index.html"))
});

static FILES: LazyLock<[File; 3]> = LazyLock::new(|| {
    [
        File::new("app.js", "text/javascript; charset=utf-8", include_bytes!("../../dashboard/dist/app.js")),
        File::new("app.css", "text/css; charset=utf-8", include_bytes!("../../dashboard/dist/app.css")),
        File::new("licences.txt", "text/plain; charset=utf-8", include_bytes!("../../dashboard/dist/licences.txt")),
    ]
});

/// A file of the dashboard.
struct File {
    name: &'static str,
    /// Its name with the beginning of its digest, as the page names it.
    kept: String,
    kind: &'static str,
    tag: HeaderValue,
    content: &'static [u8],
}

impl File {
    fn new(name: &'static str, kind: &'static str, content: &'static [u8]) -> Self {
        let digest = Sha256::digest(content);
        let (half, _) = digest.split_first_chunk().expect("it has 32 bytes");
        let digest = format!("{:016x}", u64::from_be_bytes(*half));
        let kept = name.replacen('.', &format!("-{digest}."), 1);
        let tag = HeaderValue::try_from(format!("\"{digest}\"")).expect("it is hexadecimal");
        Self { name, kept, kind, tag, content }
    }

    fn response(&self, caching: &'static str, request: &Request) -> Response {
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(self.kind)),
            (ETAG, self.tag.clone()),
            (CACHE_CONTROL, HeaderValue::from_static(caching)),
            (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ];
        let mut headers = HeaderMap::from_iter(headers);
        if Conditions::of(request).hold(StatusCode::OK, &headers) {
            strip(&mut headers);
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, Bytes::from_static(self.content)).into_response()
    }
}

pub(super) async fn page(request: Request) -> Response {
    PAGE.response(ASKED, &request)
}

pub(super) async fn file(Path(name): Path<String>, request: Request) -> Result<Response, Problem> {
    if let Some(file) = FILES.iter().find(|file| file.kept == name) {
        return Ok(file.response(KEPT, &request));
    }
    let file = FILES.iter().find(|file| file.name == name);
    file.map(|file| file.response(ASKED, &request)).ok_or_else(|| {
        let detail = format!("the dashboard has no file {name}");
        Problem::new(StatusCode::NOT_FOUND, "not-found", detail, "load the page / again: the server is another one")
    })
}
