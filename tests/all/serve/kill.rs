//! A server that is killed while somebody deploys.

use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use super::administered::{Server, exchange, state};

/// A page of many pieces that all say the same number.
fn numbered(number: u64) -> String {
    format!("globalThis.render = () => `<p>${{Array(500).fill({number}).join(' ')}}</p>`;")
}

fn page(number: u64) -> String {
    format!("<p>{}</p>", vec![number.to_string(); 500].join(" "))
}

/// Deploys such a page: gives the answer, if one came, and what it took.
fn deploy(server: &Server, number: u64) -> JoinHandle<(Option<(String, String)>, Duration)> {
    let text = numbered(number);
    let request = format!(
        "POST /v1/tenants/hello/deployments?name=n.js HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
         Content-Type: text/javascript\r\nContent-Length: {}\r\n\r\n{text}",
        server.token,
        text.len()
    );
    let admin = server.admin.clone();
    std::thread::spawn(move || {
        let began = Instant::now();
        (exchange(&admin, &request), began.elapsed())
    })
}

/// Kills it so often, `DAYFLY_KILLS` times or 30, each time at another moment of a deploy, and asks what it serves when it is there
/// again: the page before or the new one, whole; and the new one if it had said that it is served.
#[test]
fn a_server_that_is_killed_during_a_deploy_serves_the_old_page_or_the_new_one() {
    let kills: u64 = std::env::var("DAYFLY_KILLS").map_or(30, |kills| kills.parse().unwrap());
    let state = state("kill");
    let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
    let mut random = seed | 1;
    let mut server = Server::start(&state);
    let mut served = None::<u64>;
    let mut took = Duration::ZERO;
    let mut came = [0, 0];
    for number in 1..=kills {
        let deploying = deploy(&server, number);
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if took.is_zero() {
            // The first one shows how long one takes.
            while !deploying.is_finished() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        // From its beginning to somewhat beyond its end.
        std::thread::sleep(took.mul_f64((random >> 40) as f64 / (1 << 24) as f64 * 1.2));
        server.kill();
        let (answer, needed) = deploying.join().unwrap();
        let is_acknowledged = answer.is_some_and(|(head, _)| head.starts_with("HTTP/1.1 201"));
        // One takes longer when the machine has other work.
        took = if is_acknowledged { needed } else { took.mul_f64(1.05) };
        server = Server::start(&state);
        let (head, body) = server.get("/hello");
        assert!(head.starts_with("HTTP/1.1 200"), "kill {number}, seed {seed}: {head}\n{body}");
        let before = served.map(page);
        let is_new = body == page(number);
        let is_old = before.as_ref().map_or_else(|| body.contains("ello"), |before| body == *before);
        assert!(is_new || is_old, "kill {number}, seed {seed}: neither {before:?} nor the new one: {body}");
        assert!(is_new || !is_acknowledged, "kill {number}, seed {seed}: what was acknowledged is lost");
        came[usize::from(is_new)] += 1;
        if is_new {
            served = Some(number);
        }
        let leftovers = |folder: &str| {
            let files = std::fs::read_dir(state.join(folder)).unwrap();
            files.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with('.')).count()
        };
        assert_eq!(leftovers("bundles") + leftovers("engines") + leftovers("tenants"), 0, "kill {number}, seed {seed}");
    }
    assert!(kills < 10 || came.iter().all(|came| *came > 0), "all kills came at one side of a deploy: {came:?}");
    println!("of {kills} kills {} left the old page, and {} the new one", came[0], came[1]);
}
