//! The files of the dashboard. What they do is seen in a browser, by the tests of the command line.

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};

use crate::support::{Running, serve};

/// What the admin listener answers to who has no token.
async fn ask(server: &Running, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let (head, body) = server.stream(request.body(Full::default()).unwrap()).await.into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("no {name} in {headers:?}")).to_str().unwrap()
}

#[tokio::test]
async fn the_dashboard_is_served_without_a_token() {
    let server = serve([], |_| ()).await;
    let page = ask(&server, "GET", "/", &[]).await;
    assert_eq!((page.status().as_u16(), text(page.headers(), "content-type")), (200, "text/html; charset=utf-8"));
    assert_eq!(text(page.headers(), "cache-control"), "no-cache");
    let policy = text(page.headers(), "content-security-policy");
    assert_eq!(
        policy,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );

    let body = String::from_utf8(page.body().to_vec()).unwrap();
    let files: Vec<_> = body.split('"').filter(|part| part.starts_with("/dashboard/")).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        let asked = ask(&server, "GET", file, &[]).await;
        let headers = asked.headers();
        assert_eq!(asked.status(), 200, "{file}");
        let is_named_by_its_content = file.contains('-');
        let caching = if is_named_by_its_content { "public, max-age=31536000, immutable" } else { "no-cache" };
        assert_eq!(text(headers, "cache-control"), caching, "{file}");
        assert_eq!(text(headers, "x-content-type-options"), "nosniff");
        assert_eq!(text(headers, "referrer-policy"), "no-referrer");
        assert_eq!(text(headers, "content-security-policy"), policy);
        let kind = match file.rsplit_once('.').unwrap().1 {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            _ => "text/plain; charset=utf-8",
        };
        assert_eq!(text(headers, "content-type"), kind, "{file}");

        let tag = text(headers, "etag");
        let again = ask(&server, "GET", file, &[("if-none-match", tag)]).await;
        assert_eq!((again.status().as_u16(), again.body().len()), (304, 0), "{file}");
        assert_eq!(text(again.headers(), "etag"), tag);
        let other = ask(&server, "GET", file, &[("if-none-match", "\"other\"")]).await;
        assert_eq!((other.status().as_u16(), other.body()), (200, asked.body()), "{file}");
        let head = ask(&server, "HEAD", file, &[]).await;
        assert_eq!((head.status().as_u16(), head.body().len()), (200, 0), "{file}");
        assert_eq!(text(head.headers(), "content-length"), asked.body().len().to_string());
    }
    for path in ["/dashboard/", "/dashboard/app-0123456789abcdef.js", "/dashboard/..%2fCargo.toml"] {
        let nothing = ask(&server, "GET", path, &[]).await;
        assert_eq!(nothing.status(), 404, "{path}");
        assert!(String::from_utf8_lossy(nothing.body()).contains("not-found"), "{path}");
    }
    assert_eq!(ask(&server, "POST", "/", &[]).await.status(), 405);
    // What it shows is told to nobody without one.
    for path in ["/v1/history", "/v1/alarms", "/v1/live", "/v1/tenants-usage"] {
        assert_eq!(ask(&server, "GET", path, &[]).await.status(), 401, "{path}");
    }
}
