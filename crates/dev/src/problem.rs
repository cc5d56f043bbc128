//! What is wrong, for a reader.

use dayfly::{Failure, Thrown};
use dayfly_bundler::{Places, Refusal, Source};
use dayfly_sources::Message;
use serde::Serialize;

/// Why there is no build, or no page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What is wrong, in a line or two.
    pub title: String,
    /// The line that it comes from, underlined.
    pub frame: Option<String>,
    /// Where the app was, what caused it, and what else is wrong.
    pub detail: Option<String>,
}

impl Problem {
    pub(crate) fn of_text(title: impl ToString) -> Self {
        Self { title: title.to_string(), ..Self::default() }
    }

    pub(crate) fn of_sources(error: &dayfly_sources::Error) -> Self {
        let dayfly_sources::Error::Failed { messages, .. } = error else { return Self::of_text(error) };
        let Some((first, others)) = messages.split_first() else { return Self::of_text(error) };
        let others = others.iter().map(Message::report);
        let detail = first.advice().into_iter().chain(others).collect();
        Self { title: first.to_string(), frame: first.frame(), detail: join(detail) }
    }

    pub(crate) fn of_refusal(refusal: &mut Refusal, source: &Source, places: &Places) -> Self {
        let frame = places.refusal_frame(refusal);
        places.refusal(refusal);
        let title = refusal.to_string();
        match refusal {
            Refusal::Syntax { .. } => {
                let report = refusal.describe(source);
                let (title, line) =
                    report.split_once('\n').map_or((&*report, None), |(title, rest)| (title, Some(rest)));
                Self { title: title.into(), frame: frame.or_else(|| line.map(Into::into)), detail: None }
            }
            Refusal::Threw(thrown) => Self { title, frame, detail: stacks(thrown) },
            Refusal::WarmUp(failure) | Refusal::Evaluation(failure) => Self { title, frame, detail: stack(failure) },
            _ => Self { title, frame, detail: None },
        }
    }

    pub(crate) fn of_failure(failure: &mut Failure, places: &Places) -> Self {
        let frame = places.code_frame(failure);
        places.failure(failure);
        Self { title: failure.to_string(), frame, detail: stack(failure) }
    }

    /// All of it as text.
    pub(crate) fn text(&self) -> String {
        let parts = [Some(self.title.as_str()), self.frame.as_deref(), self.detail.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }
}

fn stack(failure: &Failure) -> Option<String> {
    match failure {
        Failure::Threw(thrown) => stacks(thrown),
        Failure::Exceeded { stack, .. } => stack.clone(),
        _ => None,
    }
}

fn stacks(thrown: &Thrown) -> Option<String> {
    let mut parts = vec![thrown.stack.clone()];
    let mut next = thrown.cause.as_deref();
    while let Some(cause) = next {
        parts.push(format!("caused by {cause}"));
        parts.push(cause.stack.clone());
        next = cause.cause.as_deref();
    }
    join(parts)
}

fn join(parts: Vec<String>) -> Option<String> {
    let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
    (!text.is_empty()).then_some(text)
}
