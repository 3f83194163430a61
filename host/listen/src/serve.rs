//! Accepting connections, until a drain ends it.

use rustix::net::sockopt;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::connection::{self, Ended, Peer, PeerUser, Timeouts};
use crate::drain::Stage;
use crate::listener::Accepted;
use crate::peers::{PeerCounts, PeerPermit};
use crate::permits::{Permit, Permits};
use crate::progress::Progress;
use crate::stream::WatchedWrites;
use crate::upgrade::{Held, Upgradable};
use crate::{CloseReason, ConnectionStats, Cores, Drain, Handler, Limits, Listener, Tls};

/// How long accepting rests when the system has no descriptor or memory left for another connection.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// A limit that is reached again and again is logged once in this time.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// Passes every request to the handler until the drain is started and done. Returns how many connections had to be cut
/// off then.
pub async fn serve(listener: Listener, handler: impl Handler, drain: Drain) -> usize {
    let (alive, mut gone) = mpsc::channel::<Infallible>(1);
    let stage = watch::Sender::new(Stage::Serving);
    let options = &listener.options;
    let host = Host {
        handler: Arc::new(handler),
        tls: listener.tls.clone(),
        limits: Arc::new(options.limits.clone()),
        stats: options.stats.clone(),
        cores: options.cores.clone(),
        stage: stage.subscribe(),
        alive: Some(alive),
    };
    let mut acceptor = Acceptor {
        permits: Permits::new(host.limits.max_connections),
        peers: PeerCounts::new(host.limits.max_connections_per_peer, options.proxies.clone()),
        accepted: None,
        at_limit: LogThrottle::default(),
        at_peer_limit: LogThrottle::default(),
    };
    tokio::select! {
        () = drain.started() => {}
        () = acceptor.run(&listener, &host) => {}
    }

    stage.send_replace(Stage::LastAnswers);
    let accepted = acceptor.accepted.take().map(|(accepted, _)| accepted);
    for waiting in accepted.into_iter().chain(listener.close()) {
        host.welcome(waiting, None, None);
    }
    // Each connection has one sender; once the last is dropped, the channel says so.
    let alive = host.alive.as_ref().map(mpsc::Sender::downgrade);
    drop(host);
    if tokio::time::timeout(drain.grace, gone.recv()).await.is_ok() {
        return 0;
    }
    stage.send_replace(Stage::Closing);
    if tokio::time::timeout(drain.limit, gone.recv()).await.is_ok() {
        return 0;
    }
    let left = alive.map_or(0, |alive| alive.strong_count());
    tracing::warn!(connections = left, "requests were still under way at the end, and are cut off");
    stage.send_replace(Stage::Cut);
    gone.recv().await;
    left
}

/// Accepts connections within the limits.
struct Acceptor {
    permits: Arc<Permits>,
    peers: Arc<PeerCounts>,
    /// A connection that waits for a permit. A drain cancels [`Self::run`] and serves this connection too.
    accepted: Option<(Accepted, Option<PeerPermit>)>,
    at_limit: LogThrottle,
    at_peer_limit: LogThrottle,
}

impl Acceptor {
    /// Accepts for ever.
    async fn run(&mut self, listener: &Listener, host: &Host) {
        let mut failing = false;
        loop {
            match listener.accept().await {
                Ok(accepted) => {
                    failing = false;
                    let Ok(peer) = self.admit(&accepted, listener, host) else { continue };
                    self.accepted = Some((accepted, peer));
                    if self.permits.are_all_taken() && self.at_limit.passes() {
                        tracing::warn!(
                            at = %listener.local(),
                            max_connections = host.limits.max_connections,
                            "all connections are taken; those without a request are closed for new ones"
                        );
                    }
                    // INVARIANT: the semaphore is never closed.
                    let Some(permit) = self.permits.acquire().await else { return };
                    if let Some((accepted, peer)) = self.accepted.take() {
                        host.welcome(accepted, Some(permit), peer);
                    }
                }
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    if !failing {
                        tracing::error!(at = %listener.local(), %error, "cannot accept connections; trying on");
                    }
                    failing = true;
                    if is_out_of_descriptors(&error) {
                        self.permits.evict_one();
                    }
                    tokio::time::sleep(ACCEPT_BACKOFF).await;
                }
            }
        }
    }

    /// Counts the connection for its peer. Fails if the peer has as many as it may have.
    fn admit(
        &mut self,
        accepted: &Accepted,
        listener: &Listener,
        host: &Host,
    ) -> Result<Option<PeerPermit>, ()> {
        let Accepted::Tcp(_, from) = accepted else { return Ok(None) };
        if let Some(permit) = self.peers.admit(from.ip()) {
            return Ok(Some(permit));
        }
        host.stats.count(CloseReason::PeerLimit);
        if self.at_peer_limit.passes() {
            tracing::warn!(
                at = %listener.local(),
                peer = %from.ip(),
                max_connections_per_peer = host.limits.max_connections_per_peer,
                "a peer has too many connections; further ones are closed at once. If it is a proxy, name it in \
                 `[listen] proxies`"
            );
        }
        Err(())
    }
}

/// Lets one log line through in each interval.
#[derive(Default)]
struct LogThrottle {
    last: Option<Instant>,
}

impl LogThrottle {
    fn passes(&mut self) -> bool {
        let now = Instant::now();
        let passes = self.last.is_none_or(|last| now.duration_since(last) >= LOG_INTERVAL);
        if passes {
            self.last = Some(now);
        }
        passes
    }
}

/// How long a TCP connection may be silent before the system asks the peer, and between two such requests.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Has the system find out when the peer is gone.
fn keep_alive(stream: &TcpStream) -> Result<(), rustix::io::Errno> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEPALIVE)?;
    sockopt::set_tcp_keepintvl(stream, KEEPALIVE)
}

/// Errors of accept(2) about the connection itself, which is gone again.
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

/// Whether accept(2) has failed since this process or the system has no descriptor left.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(rustix::io::Errno::from_raw_os_error);
    matches!(errno, Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE))
}

/// What every connection of a listener has in common.
#[derive(Clone)]
struct Host {
    handler: Arc<dyn Handler>,
    tls: Option<Tls>,
    limits: Arc<Limits>,
    stats: ConnectionStats,
    cores: Option<Cores>,
    stage: watch::Receiver<Stage>,
    /// Never sent to. Each connection has one, so none is here while a connection is served.
    alive: Option<mpsc::Sender<Infallible>>,
}

impl Host {
    /// Serves one connection in a task of its own, on the core whose turn it is where there are cores. Connections that
    /// had waited when a drain began have no permits.
    fn welcome(&self, accepted: Accepted, permit: Option<Permit>, peer: Option<PeerPermit>) {
        let host = self.clone();
        let Some(cores) = &self.cores else {
            tokio::spawn(host.run(accepted, permit, peer));
            return;
        };
        match accepted.detach() {
            Ok(detached) => drop(cores.next().spawn(async move {
                match detached.attach() {
                    Ok(accepted) => host.run(accepted, permit, peer).await,
                    Err(error) => tracing::error!(%error, "a connection cannot be served"),
                }
            })),
            Err(error) => tracing::error!(%error, "a connection cannot be served"),
        }
    }

    async fn run(mut self, accepted: Accepted, permit: Option<Permit>, peer: Option<PeerPermit>) {
        let progress = permit.as_ref().map_or_else(|| Arc::new(Progress::new()), Permit::progress);
        let held = Arc::new(Held { _permit: permit, _peer: peer, _alive: self.alive.take() });
        let mut stage = self.stage.clone();
        let cut = async move {
            let _ = stage.wait_for(|stage| *stage == Stage::Cut).await;
        };
        let upgradable = Upgradable { held, progress, stage: self.stage.clone() };
        tokio::select! {
            () = self.serve(accepted, upgradable) => {}
            () = cut => {}
        }
    }

    async fn serve(self, accepted: Accepted, upgradable: Upgradable) {
        let progress = Arc::clone(&upgradable.progress);
        let timeouts = Timeouts(Some(Arc::clone(&progress)));
        match accepted {
            Accepted::Unix(stream) => {
                let user = stream.peer_cred().ok().map(|peer| PeerUser { uid: peer.uid(), gid: peer.gid() });
                let stream = WatchedWrites::new(stream, &progress);
                let peer = Peer { address: "unix".into(), certificate: None, user, timeouts };
                // The socket's file says who may connect.
                self.speak(stream, peer, upgradable, true).await;
            }
            Accepted::Tcp(stream, from) => {
                // Without it every answer of two writes waits for the peer's delayed acknowledgement. Keepalive finds peers
                // of long streams that are gone without a word.
                let prepared = stream.set_nodelay(true).and_then(|()| Ok(keep_alive(&stream)?));
                if let Err(error) = prepared {
                    return tracing::debug!(%from, %error, "a connection was gone at once");
                }
                let stream = WatchedWrites::new(stream, &progress);
                let peer = Peer { address: from.to_string().into(), certificate: None, user: None, timeouts };
                let Some(tls) = &self.tls else { return self.speak(stream, peer, upgradable, false).await };
                let due = progress.accepted() + self.limits.header_timeout;
                let handshake = tokio::time::timeout_at(due, tls.acceptor().accept(stream));
                let handshake = tokio::select! {
                    handshake = handshake => handshake,
                    () = progress.evicted() => return self.closed(&peer.address, CloseReason::Evicted),
                };
                match handshake {
                    Ok(Ok(stream)) => {
                        let leaf = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                        let certificate = leaf.map(|leaf| Arc::new(leaf.to_vec()));
                        let is_proven = certificate.is_some();
                        self.speak(stream, Peer { certificate, ..peer }, upgradable, is_proven).await;
                    }
                    Ok(Err(error)) => tracing::info!(%from, %error, "a TLS handshake failed"),
                    Err(_) => self.closed(&peer.address, CloseReason::HeaderTimeout),
                }
            }
        }
    }

    /// `is_proven`: the peer has shown credentials with the connection itself.
    async fn speak<IO>(self, io: IO, peer: Peer, upgradable: Upgradable, is_proven: bool)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if is_proven && self.limits.idle_timeout.is_none() {
            upgradable.progress.set_keeps_unused();
        }
        let from = Arc::clone(&peer.address);
        let handler = Arc::clone(&self.handler);
        match connection::serve(io, peer, handler, &self.limits, &self.stats, upgradable).await {
            Ok(Ended::Done) => {}
            Ok(Ended::Closed(reason)) => self.closed(&from, reason),
            Err(error) => tracing::debug!(%from, %error, "a connection ended badly"),
        }
    }

    fn closed(&self, from: &str, reason: CloseReason) {
        self.stats.count(reason);
        tracing::debug!(%from, reason = reason.as_str(), "a connection was closed");
    }
}
