//! Tasks that have ended.

use tokio::task::JoinError;

/// The result of a task; none if it was stopped. Its panic is the caller's.
pub(super) fn joined<T>(ended: Result<T, JoinError>) -> Option<T> {
    match ended {
        Ok(value) => Some(value),
        Err(error) if error.is_cancelled() => None,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
