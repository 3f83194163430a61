//! Accepting connections, until a drain ends it.

use axum::Router;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::connection::{self, Peer, Stage};
use crate::listener::Accepted;
use crate::{Drain, Limits, Listener, Tls};

/// How long accepting rests when the system has no descriptor or memory left for another connection.
const REST: Duration = Duration::from_millis(100);

/// Serves the router to everyone who comes, until the drain is started and done. Says how many connections had
/// to be cut off then.
pub async fn serve(listener: Listener, router: Router, drain: Drain) -> usize {
    let (alive, mut gone) = mpsc::channel::<Infallible>(1);
    let stage = watch::Sender::new(Stage::Serving);
    let host = Host {
        router,
        tls: listener.tls.clone(),
        limits: Arc::new(listener.limits.clone()),
        stage: stage.subscribe(),
        alive,
    };
    let places = Arc::new(Semaphore::new(host.limits.connections));
    tokio::select! {
        () = drain.started() => {}
        () = accept(&listener, &places, &host) => {}
    }

    stage.send_replace(Stage::LastAnswers);
    for waiting in listener.close() {
        host.welcome(waiting, None);
    }
    // Each connection has one sender; once the last is dropped, the channel says so.
    let alive = host.alive.downgrade();
    drop(host);
    if tokio::time::timeout(drain.grace, gone.recv()).await.is_ok() {
        return 0;
    }
    stage.send_replace(Stage::Closing);
    if tokio::time::timeout(drain.limit, gone.recv()).await.is_ok() {
        return 0;
    }
    let left = alive.strong_count();
    tracing::warn!(connections = left, "requests were still under way at the end, and are cut off");
    stage.send_replace(Stage::Cut);
    gone.recv().await;
    left
}

/// Accepts for ever.
async fn accept(listener: &Listener, places: &Arc<Semaphore>, host: &Host) {
    let mut failing = false;
    loop {
        if places.available_permits() == 0 {
            tracing::warn!(at = %listener.local(), limit = host.limits.connections, "no more connections are accepted for now");
        }
        // INVARIANT: nobody closes this semaphore.
        let Ok(place) = Arc::clone(places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok(accepted) => {
                failing = false;
                host.welcome(accepted, Some(place));
            }
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                if !failing {
                    tracing::error!(at = %listener.local(), %error, "cannot accept connections; trying on");
                }
                failing = true;
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// Errors of accept(2) that say that the one who came is gone again.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(
        error.kind(),
        K::ConnectionAborted
            | K::ConnectionReset
            | K::ConnectionRefused
            | K::Interrupted
            | K::NetworkDown
            | K::NetworkUnreachable
            | K::HostUnreachable
            | K::TimedOut
    )
}

/// What every connection of a listener has in common.
#[derive(Clone)]
struct Host {
    router: Router,
    tls: Option<Tls>,
    limits: Arc<Limits>,
    stage: watch::Receiver<Stage>,
    /// Never sent to.
    alive: mpsc::Sender<Infallible>,
}

impl Host {
    /// Serves one connection in a task of its own.
    fn welcome(&self, accepted: Accepted, place: Option<OwnedSemaphorePermit>) {
        let host = self.clone();
        tokio::spawn(async move {
            let _place = place;
            let mut stage = host.stage.clone();
            let cut = async move {
                let _ = stage.wait_for(|stage| *stage == Stage::Cut).await;
            };
            tokio::select! {
                () = host.serve(accepted) => {}
                () = cut => {}
            }
        });
    }

    async fn serve(self, accepted: Accepted) {
        match accepted {
            Accepted::Unix(stream) => {
                self.speak(stream, Peer { address: "unix".into(), certificate: None }).await;
            }
            Accepted::Tcp(stream, from) => {
                // Without it every answer of two writes waits for the peer's delayed acknowledgement.
                if let Err(error) = stream.set_nodelay(true) {
                    return tracing::debug!(%from, %error, "a connection was gone at once");
                }
                let peer = Peer { address: from.to_string().into(), certificate: None };
                let Some(tls) = &self.tls else { return self.speak(stream, peer).await };
                let handshake = tokio::time::timeout(self.limits.handshake, tls.acceptor().accept(stream));
                match handshake.await {
                    Ok(Ok(stream)) => {
                        let leaf = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                        let certificate = leaf.map(|leaf| Arc::new(leaf.to_vec()));
                        self.speak(stream, Peer { certificate, ..peer }).await;
                    }
                    Ok(Err(error)) => tracing::info!(%from, %error, "a TLS handshake failed"),
                    Err(_) => tracing::info!(%from, "a TLS handshake took too long"),
                }
            }
        }
    }

    async fn speak<IO>(self, io: IO, peer: Peer)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let from = Arc::clone(&peer.address);
        if let Err(error) = connection::serve(io, peer, self.router, &self.limits, self.stage).await {
            tracing::debug!(%from, %error, "a connection ended badly");
        }
    }
}
