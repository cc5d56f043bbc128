//! The contract of `wit/` as Rust types, and what each is in this crate's.

use dayfly::{Failure, Limit, Site, Thrown};

use crate::artifact::{Notice, NoticeKind};
use crate::refusal::Refusal;
use crate::source::{Form, Source};

mod generated {
    #![allow(missing_docs, unreachable_pub, reason = "generated; the documentation is in wit/")]
    wasmtime::component::bindgen!({ world: "loading", path: "../../wit", exports: { default: async } });
}
/// What the leak lab asks. Of its own, as an engine that is older than the lab loads without.
pub(crate) mod examining {
    #![allow(missing_docs, unreachable_pub, reason = "generated; the documentation is in wit/")]
    wasmtime::component::bindgen!({ world: "examining", path: "../../wit", exports: { default: async } });
}
pub(crate) use generated::LoadingIndices;
pub(crate) use generated::exports::dayfly::sandbox::{loader, renderer};

/// What both of them have, as this crate's types.
macro_rules! conversions {
    ($name:ident, $generated:ident) => {
        mod $name {
            use super::$generated::dayfly::sandbox::console;
            use super::$generated::exports::dayfly::sandbox::{loader, renderer};
            use super::*;

            impl From<&Source> for loader::Source {
                fn from(source: &Source) -> Self {
                    let form = match source.form {
                        Form::Detect => loader::Form::Detect,
                        Form::Script => loader::Form::Script,
                        Form::Module => loader::Form::Module,
                    };
                    Self { name: source.name.clone(), text: source.text.clone(), form }
                }
            }

            impl From<loader::Form> for Form {
                fn from(form: loader::Form) -> Self {
                    match form {
                        loader::Form::Detect => Self::Detect,
                        loader::Form::Script => Self::Script,
                        loader::Form::Module => Self::Module,
                    }
                }
            }

            impl From<loader::Notice> for Notice {
                fn from(notice: loader::Notice) -> Self {
                    let kind = match notice.kind {
                        loader::NoticeKind::Clock => NoticeKind::Clock,
                        loader::NoticeKind::Random => NoticeKind::Random,
                        loader::NoticeKind::Timer => NoticeKind::Timer,
                        loader::NoticeKind::Promise => NoticeKind::Promise,
                        loader::NoticeKind::Rejection => NoticeKind::Rejection,
                    };
                    Self { kind, what: notice.what, at: notice.at.map(site) }
                }
            }

            impl From<loader::Refusal> for Refusal {
                fn from(refusal: loader::Refusal) -> Self {
                    match refusal {
                        loader::Refusal::Syntax((message, at)) => Self::Syntax { message, at: at.map(site) },
                        loader::Refusal::Imports(what) => Self::Imports(what),
                        loader::Refusal::Threw(error) => Self::Threw(thrown(error)),
                        loader::Refusal::Unsettled => Self::Unsettled,
                        loader::Refusal::NoRender(why) => Self::NoRender(why),
                    }
                }
            }

            impl From<renderer::Failure> for Failure {
                fn from(failure: renderer::Failure) -> Self {
                    match failure {
                        renderer::Failure::Threw(error) => Self::Threw(thrown(error)),
                        renderer::Failure::Unsettled => Self::Unsettled,
                        renderer::Failure::StackExhausted(error) => {
                            Self::Exceeded { limit: Limit::JsStack, stack: Some(error.error.stack) }
                        }
                        renderer::Failure::PageTooLarge => Self::Exceeded { limit: Limit::Page, stack: None },
                        renderer::Failure::Missing(why) => Self::Missing(why),
                        renderer::Failure::InvalidProps(why) => Self::Host(dayfly::Error::InvalidProps(why)),
                    }
                }
            }

            fn site(site: console::Site) -> Site {
                Site { file: site.file, line: site.line, column: site.column }
            }

            fn thrown(thrown: renderer::Thrown) -> Thrown {
                let one = |error: renderer::Error, cause| {
                    let renderer::Error { name, message, stack } = error;
                    Thrown { name, message, stack, cause }
                };
                let cause =
                    thrown.causes.into_iter().rev().fold(None, |cause, error| Some(Box::new(one(error, cause))));
                one(thrown.error, cause)
            }
        }
    };
}
conversions!(from_generated, generated);
conversions!(from_examining, examining);
