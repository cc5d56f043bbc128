//! What tenants' apps write to their consoles.

use std::time::SystemTime;

use dayfly::Level;
use dayfly_server::{LogEvent, LogFiles};

use crate::support::{id_of, serve, tenant};

const APP: &str = r#"export default { fetch(request) {
    const words = new URL(request.url).searchParams.getAll("say");
    words.forEach((word) => console.warn(word));
    return new Response("said");
} };"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenants_console_is_read_from_its_stream_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve([tenant("loud", "loud.mjs", APP), tenant("calm", "calm.mjs", APP)], |config| {
        config.logs.lines = 3;
        config.logs.files = Some(LogFiles { folder: folder.path().join("logs"), size: 10 << 20, keep: 1 });
    })
    .await;
    let (loud, calm) = (server.logs.of(&"loud".parse().unwrap()), server.logs.of(&"calm".parse().unwrap()));
    let before = SystemTime::now();
    let id = id_of(&server.get("/loud?say=1&say=2").await);
    server.receipt(&id).await;
    let (tail, mut reader) = loud.follow(10);
    assert_eq!(tail.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    let line = &tail[0];
    assert_eq!((&*line.request, line.level, line.tenant.as_str()), (id.as_str(), Level::Warn, "loud"));
    assert!(line.time >= before && line.time <= SystemTime::now());
    assert_eq!(line.at.as_ref().map(ToString::to_string).as_deref(), Some("loud.mjs:3:37"));
    server.get("/calm?say=other").await;
    server.get("/loud?say=3&say=4").await;
    for expected in ["3", "4"] {
        let Some(LogEvent::Line(line)) = reader.next().await else { panic!("no line {expected}") };
        assert_eq!(line.text, expected);
    }
    assert_eq!(loud.tail(10).len(), 3, "no more is kept than may be");
    while calm.tail(10).is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(calm.tail(10)[0].text, "other");
    // Faster than it is read: who reads is told.
    for _ in 0..3 {
        server.get("/loud?say=5&say=6&say=7").await;
    }
    while loud.tail(1)[0].text != "7" || loud.tail(3)[0].request == tail[0].request {
        tokio::task::yield_now().await;
    }
    server.end().await;
    let mut missed = 0;
    let mut read = 0;
    while read + missed < 9 {
        match reader.next().await {
            Some(LogEvent::Missed(lines)) => missed += lines,
            Some(LogEvent::Line(_)) => read += 1,
            None => panic!("{read} lines, {missed} missed"),
        }
    }
    assert!(missed >= 5, "there is room for four: {read} lines, {missed} missed");
    // The file has them all.
    let text = std::fs::read_to_string(folder.path().join("logs/loud.log")).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let texts: Vec<_> = lines.iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["1", "2", "3", "4", "5", "6", "7", "5", "6", "7", "5", "6", "7"]);
    assert_eq!((lines[0]["request_id"].as_str(), lines[0]["level"].as_str()), (Some(id.as_str()), Some("warn")));
    assert_eq!(lines[0]["at"], "loud.mjs:3:37");
}
