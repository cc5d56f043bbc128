//! Who is told of alarms: by POST, in order, until it was taken.
//!
//! A message is on the disk before the alarm is said to fire, and until somebody answered it with 2xx: so it outlives the process,
//! and may come twice. What is not taken is sent again, after a second at first and after five minutes at most, for a day.
//!
//! Where there is a secret it is signed as <https://www.standardwebhooks.com> has it, for which there are libraries: `webhook-id`,
//! `webhook-timestamp`, and `webhook-signature: v1,BASE64` of the HMAC-SHA256 of `ID.TIMESTAMP.BODY`.

mod message;
mod queue;

pub(crate) use self::message::Server;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use dayfly_fetch::Client;
use hmac::{Hmac, Mac};
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

use self::queue::{Message, Queue};
use crate::alarms::{Alarm, State};
use crate::config::{Webhook, WebhookFormat};
use crate::exchange::exchange;
use crate::samples::now;
use crate::tasks::blocking;

/// How long is waited before a message is sent again: the first time, and at most.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(300)];
/// For how long it is.
const PATIENCE: f64 = 86_400.0;
/// How often an Alertmanager is told what fires still.
const AGAIN: Duration = Duration::from_secs(60);

/// All who are told.
pub(crate) struct Webhooks {
    all: Vec<Arc<Told>>,
    /// The address of the admin API as they see it.
    server: Server,
    _telling: Vec<AbortOnDropHandle<()>>,
}

/// One who is told.
struct Told {
    webhook: Webhook,
    queue: Queue,
    /// What fires still, for an Alertmanager, and when it was told last. It need not outlive the process.
    again: Mutex<(Option<Instant>, Vec<Message>)>,
    news: Notify,
    sent: AtomicU64,
    failed: AtomicU64,
    lost: AtomicU64,
}

/// What came of messages to one, with its name.
pub(crate) struct Counts<'a> {
    pub(crate) webhook: &'a str,
    pub(crate) sent: u64,
    /// Attempts that were in vain.
    pub(crate) failed: u64,
    /// Messages that were given up.
    pub(crate) lost: u64,
    pub(crate) waiting: usize,
}

impl Webhooks {
    /// Begins to send what waits. To be called in a runtime.
    pub(crate) fn start(state: &Path, webhooks: &[Webhook], server: Server, client: &Arc<Client>) -> io::Result<Self> {
        let told = |webhook: &Webhook| {
            let queue = Queue::open(state.join("webhooks").join(&webhook.name))?;
            Ok(Arc::new(Told {
                webhook: webhook.clone(),
                queue,
                again: Mutex::default(),
                news: Notify::new(),
                sent: AtomicU64::new(0),
                failed: AtomicU64::new(0),
                lost: AtomicU64::new(0),
            }))
        };
        let all = webhooks.iter().map(told).collect::<io::Result<Vec<_>>>()?;
        let telling = all.iter().map(|told| {
            let telling = told.clone().tell(client.clone());
            AbortOnDropHandle::new(tokio::spawn(telling))
        });
        Ok(Self { _telling: telling.collect(), all, server })
    }

    /// Queues what is to be said of alarms that changed; `active` are all that there are now. What the disk does not take is lost, and
    /// counted. Blocks.
    pub(crate) fn put(&self, changed: &[Alarm], active: &[Alarm]) -> io::Result<()> {
        let said = |alarm: &&Alarm| alarm.fired_at.is_some();
        let mut names: Vec<&str> = changed.iter().filter(said).map(|alarm| alarm.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let mut kept = Ok(());
        for name in names {
            let is_over = |alarm: &&Alarm| alarm.name == name && alarm.state == State::Resolved && said(alarm);
            let group: Vec<Alarm> = firing(active, name).chain(changed.iter().filter(is_over)).cloned().collect();
            for told in &self.all {
                kept = kept.and(told.put_all(&self.server, name, &group));
            }
        }
        kept
    }

    /// Queues for some webhooks, by their names, what is to be said of alarms that fire. Blocks.
    pub(crate) fn put_to(&self, webhooks: &BTreeSet<String>, active: &[Alarm]) -> io::Result<()> {
        let is_firing = |alarm: &&Alarm| alarm.state == State::Firing;
        let names: BTreeSet<&str> = active.iter().filter(is_firing).map(|alarm| alarm.name.as_str()).collect();
        for told in self.all.iter().filter(|told| webhooks.contains(&told.webhook.name)) {
            for name in &names {
                let group: Vec<Alarm> = firing(active, name).cloned().collect();
                told.put_all(&self.server, name, &group)?;
            }
        }
        Ok(())
    }

    /// Tells each Alertmanager what fires still: it takes what it hears no more of for resolved.
    pub(crate) fn again(&self, active: &[Alarm]) {
        let firing: Vec<_> = active.iter().filter(|alarm| alarm.state == State::Firing).cloned().collect();
        if firing.is_empty() {
            return;
        }
        for told in self.all.iter().filter(|told| told.webhook.format == WebhookFormat::Alertmanager) {
            let mut again = told.again.lock().unwrap_or_else(PoisonError::into_inner);
            if again.0.is_none_or(|at| at.elapsed() >= AGAIN) {
                *again = (Some(Instant::now()), told.messages(&self.server, "", &firing));
                told.news.notify_one();
            }
        }
    }

    pub(crate) fn counts(&self) -> impl Iterator<Item = Counts<'_>> {
        self.all.iter().map(|told| Counts {
            webhook: &told.webhook.name,
            sent: told.sent.load(Ordering::Relaxed),
            failed: told.failed.load(Ordering::Relaxed),
            lost: told.lost.load(Ordering::Relaxed),
            waiting: told.queue.len(),
        })
    }
}

/// Those of one name that fire.
fn firing<'a>(active: &'a [Alarm], name: &'a str) -> impl Iterator<Item = &'a Alarm> {
    active.iter().filter(move |alarm| alarm.name == name && alarm.state == State::Firing)
}

impl Told {
    /// Of many alarms a webhook is told that there are more, as Alertmanager does it, and an Alertmanager gets several messages.
    fn messages(&self, server: &Server, name: &str, group: &[Alarm]) -> Vec<Message> {
        let at = now().as_secs_f64();
        let bodies = match self.webhook.format {
            WebhookFormat::Webhook => vec![message::webhook(&self.webhook.name, server, name, group)],
            WebhookFormat::Alertmanager => {
                group.chunks(message::MOST).map(|some| message::alertmanager(server, at, some)).collect()
            }
        };
        bodies.into_iter().map(|body| Message::new(at, body)).collect()
    }

    /// What the disk does not take keeps nothing else from it.
    fn put_all(&self, server: &Server, name: &str, group: &[Alarm]) -> io::Result<()> {
        let mut kept = Ok(());
        for message in self.messages(server, name, group) {
            kept = kept.and(self.put(&message));
        }
        kept
    }

    fn put(&self, message: &Message) -> io::Result<()> {
        let put = self.queue.put(message);
        self.lost.fetch_add(*put.as_ref().unwrap_or(&1), Ordering::Relaxed);
        put?;
        self.news.notify_one();
        Ok(())
    }

    /// Sends what waits, for ever.
    async fn tell(self: Arc<Self>, client: Arc<Client>) {
        let mut failures = 0;
        loop {
            let of = self.clone();
            let Some((number, message)) = blocking(move || of.queue.first()).await else {
                self.tell_again(&client).await;
                self.news.notified().await;
                continue;
            };
            let why = self.send(&client, &message).await.err();
            let is_old = now().as_secs_f64() - message.at > PATIENCE;
            if why.is_none() || is_old {
                let of = self.clone();
                blocking(move || of.queue.remove(number)).await;
            }
            let name = self.webhook.name.as_str();
            let Some(why) = why else {
                self.sent.fetch_add(1, Ordering::Relaxed);
                failures = 0;
                continue;
            };
            self.failed.fetch_add(1, Ordering::Relaxed);
            if is_old {
                self.lost.fetch_add(1, Ordering::Relaxed);
                tracing::error!(webhook = name, "an alarm could not be told for a day, and is given up: {why}");
                continue;
            }
            let wait = wait(failures);
            failures += 1;
            tracing::warn!(webhook = name, "an alarm was not taken, and is sent again in {wait:.1?}: {why}");
            tokio::time::sleep(wait).await;
        }
    }

    async fn tell_again(&self, client: &Client) {
        let messages = std::mem::take(&mut self.again.lock().unwrap_or_else(PoisonError::into_inner).1);
        for message in messages {
            if let Err(why) = self.send(client, &message).await {
                self.failed.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(webhook = self.webhook.name, "what fires still could not be told: {why}");
            }
        }
    }

    async fn send(&self, client: &Client, message: &Message) -> Result<(), String> {
        let Webhook { url, secret, timeout, .. } = &self.webhook;
        let body = serde_json::to_vec(&message.body).expect("it is plain text and numbers");
        let mut request = Request::post(url).header(CONTENT_TYPE, "application/json");
        request = request.header(USER_AGENT, concat!("dayfly/", env!("CARGO_PKG_VERSION")));
        let id = &message.id;
        request = request.header("webhook-id", id);
        if let Some(file) = secret.clone() {
            let read = blocking(move || read_secret(&file)).await?;
            let time = now().as_secs();
            let signature = sign(&read, id, time, &body);
            request = request.header("webhook-timestamp", HeaderValue::from(time));
            request = request.header("webhook-signature", signature);
        }
        let request = request.body(Bytes::from(body)).map_err(|error| error.to_string())?;
        let sending = tokio::time::timeout(*timeout, exchange(client, request));
        let response = sending.await.map_err(|_| format!("no answer within {timeout:?}"))?;
        let response = response.map_err(|error| error.to_string())?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(format!("it answers {status}")) }
    }
}

/// What tells one webhook from another of its name: where it is told, and how. It is a digest, as many a URL is a secret.
pub(crate) fn mark(webhook: &Webhook) -> String {
    let format = match webhook.format {
        WebhookFormat::Webhook => "webhook ",
        WebhookFormat::Alertmanager => "alertmanager ",
    };
    BASE64_STANDARD.encode(Sha256::new_with_prefix(format).chain_update(&webhook.url).finalize())
}

/// How long to wait after so many failures: twice as long each time, and somewhat less than that by chance, so that many servers
/// do not come at once.
fn wait(failures: u32) -> Duration {
    let [first, most] = WAITS;
    let whole = first.saturating_mul(1 << failures.min(16)).min(most);
    let chance = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
    whole.mul_f64(0.5 + chance / 2.0)
}

/// The secret of a file: `whsec_` and base64, or else the text as it is, of at least 16 bytes.
pub(crate) fn read_secret(file: &Path) -> Result<Vec<u8>, String> {
    let wrong = |why: String| format!("{} is no secret: {why}", file.display());
    let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let text = text.trim();
    let secret = match text.strip_prefix("whsec_") {
        Some(base64) => BASE64_STANDARD.decode(base64).map_err(|error| wrong(error.to_string()))?,
        None => text.as_bytes().to_vec(),
    };
    if secret.len() < 16 {
        return Err(wrong(format!("it has {} bytes, and is to have 16 or more", secret.len())));
    }
    Ok(secret)
}

fn sign(secret: &[u8], id: &str, time: u64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("it takes keys of any length");
    mac.update(format!("{id}.{time}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of <https://github.com/standard-webhooks/standard-webhooks>, which its libraries are tested with.
    #[test]
    fn it_is_signed_as_standard_webhooks_has_it() {
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap_or_default();
        let signed = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_waits_grow_and_are_bounded() {
        for (failures, most) in [(0, 1), (1, 2), (4, 16), (9, 300), (100, 300)] {
            let wait = wait(failures).as_secs_f64();
            assert!(wait >= f64::from(most) / 2.0 && wait <= f64::from(most), "{failures}: {wait}");
        }
    }
}
