//! The server: it listens at a loopback address, and ends with the operation.

use std::{io, net::Ipv4Addr, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::{JoinHandle, JoinSet},
    time::timeout,
};

use super::{
    answer::{Shared, answer},
    limits::{MAX_CONNECTIONS, MAX_FIELDS, MAX_HEAD},
};

/// The server of a page.
pub(crate) struct Server {
    address: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Server {
    /// Begins to listen, at a free port that only this device reaches.
    pub(super) async fn start(shared: Arc<Shared>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let at = listener.local_addr()?;
        shared.is_at(at);
        let address = format!("http://{at}/{}/", shared.secret());
        let task = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, task })
    }

    /// The address of the page, with the secret in it.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Ends it: an open page has received the last screen, unless it does not read.
    pub(crate) async fn close(self) {
        self.shared.close();
        // It ends by itself, within its deadline.
        let _ = self.task.await;
    }
}

/// Takes connections until the operation is over, and then lets those that are open finish.
async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = shared.is_over() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if connections.len() < MAX_CONNECTIONS => {
                    connections.spawn(connection(stream, Arc::clone(&shared)));
                }
                // Too many, or gone again: there is nothing to answer.
                Ok(_) => {}
                // No descriptor is free.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    // A dropped task is aborted.
    let _ = timeout(shared.deadlines.end, all).await;
}

/// Answers the requests of one connection.
pub(super) async fn connection<S>(stream: S, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(|request| answer(Arc::clone(&shared), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shared.deadlines.head)
        .max_headers(MAX_FIELDS)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // An error is the browser's: it is gone, or late, or speaks something else.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = shared.is_over() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
