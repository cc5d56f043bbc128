//! Waiting for work that is done elsewhere.

use tokio::task::JoinError;

/// Runs what blocks on a thread for that. A panic of it is handed on.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    joined(tokio::task::spawn_blocking(work)).await
}

/// What a task gives. A panic of it is handed on.
pub(crate) async fn joined<T>(task: impl Future<Output = Result<T, JoinError>>) -> T {
    match task.await.map_err(JoinError::try_into_panic) {
        Ok(done) => done,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The runtime ends, and with it who waits.
        Err(Err(_)) => std::future::pending().await,
    }
}
