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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_was_stopped_has_no_result_and_one_that_panicked_panics_here() {
        assert_eq!(joined(tokio::spawn(async { 7 }).await), Some(7));
        let stopped = tokio::spawn(std::future::pending::<()>());
        stopped.abort();
        assert_eq!(joined(stopped.await), None);
        let panicked = tokio::spawn(async { panic!("of the task") }).await;
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| joined::<()>(panicked)));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"of the task"));
    }
}
