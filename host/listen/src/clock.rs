//! The timeouts of one connection: head, idle, and a response that the peer does not take. The timeout of a request's
//! body is in [`crate::body`], where the handler can still respond.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

use crate::progress::{Activity, Progress};
use crate::{CloseReason, Limits};

/// Tells when a peer has made no progress for too long.
pub(crate) struct Clock {
    progress: Arc<Progress>,
    header_timeout: Duration,
    write_timeout: Duration,
    idle_timeout: Option<Duration>,
    seen: (Activity, usize),
    since: Instant,
    /// While the peer takes no bytes: how many writes it had taken, and since when.
    blocked: Option<(usize, Instant)>,
    /// Fires at or before the time that is due. It is reset only when it has fired, which spares a timer per request.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Clock {
    pub(crate) fn new(progress: &Arc<Progress>, limits: &Limits) -> Self {
        Self {
            progress: Arc::clone(progress),
            header_timeout: limits.header_timeout,
            write_timeout: limits.write_timeout,
            idle_timeout: limits.idle_timeout,
            seen: (Activity::Idle, 0),
            since: progress.accepted(),
            blocked: None,
            sleep: None,
        }
    }

    /// Ready when the peer has taken too long. Must be polled after the connection.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        self.look();
        let Some((due, reason)) = self.due() else { return Poll::Pending };
        loop {
            let sleep = match &mut self.sleep {
                Some(sleep) => {
                    if sleep.deadline() > due {
                        sleep.as_mut().reset(due);
                    }
                    sleep
                }
                none => none.insert(Box::pin(tokio::time::sleep_until(due))),
            };
            ready!(sleep.as_mut().poll(cx));
            if due <= Instant::now() {
                return Poll::Ready(reason);
            }
            sleep.as_mut().reset(due);
        }
    }

    /// Whether the time for the head that is awaited started at accept.
    fn runs_from_accept(&self) -> bool {
        self.seen.1 == 0 && !self.progress.keeps_unused()
    }

    fn look(&mut self) {
        let seen = (self.progress.activity(), self.progress.requests());
        if seen != self.seen {
            self.seen = seen;
            if seen.0 != Activity::Head || !self.runs_from_accept() {
                self.since = Instant::now();
                self.progress.set_since(self.since);
            }
        }
        let blocked = self.progress.blocked_after().filter(|_| !self.progress.is_untimed());
        self.blocked = blocked.map(|writes| match self.blocked {
            Some((before, since)) if before == writes => (writes, since),
            _ => (writes, Instant::now()),
        });
    }

    fn due(&self) -> Option<(Instant, CloseReason)> {
        let of_head = Some((self.since + self.header_timeout, CloseReason::HeaderTimeout));
        let of_activity = match self.seen.0 {
            // The handler's time is its own affair.
            Activity::Request => None,
            Activity::Head => of_head,
            Activity::Idle if self.runs_from_accept() => of_head,
            Activity::Idle => self.idle_timeout.map(|idle| (self.since + idle, CloseReason::IdleTimeout)),
        };
        let of_write = self.blocked.map(|(_, since)| (since + self.write_timeout, CloseReason::WriteTimeout));
        // With both, `Activity::Request` has no time of its own.
        of_write.or(of_activity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    const HEADER: Duration = Duration::from_secs(10);
    const WRITE: Duration = Duration::from_mins(1);
    const IDLE: Duration = Duration::from_secs(75);

    struct Connection {
        progress: Arc<Progress>,
        clock: Clock,
    }

    fn connection(idle_timeout: Option<Duration>) -> Connection {
        let limits =
            Limits { header_timeout: HEADER, write_timeout: WRITE, idle_timeout, ..Limits::default() };
        let progress = Arc::new(Progress::new());
        Connection { clock: Clock::new(&progress, &limits), progress }
    }

    impl Connection {
        /// Polls the clock for this time. Returns the reason to close and the time that it took.
        async fn runs(&mut self, time: Duration) -> Option<(CloseReason, Duration)> {
            let begun = Instant::now();
            let closed = tokio::time::timeout(time, poll_fn(|cx| self.clock.poll(cx))).await;
            // tokio's timers have a resolution of 1 ms.
            closed.ok().map(|reason| (reason, Duration::from_secs(begun.elapsed().as_secs())))
        }

        fn responds(&self) {
            self.progress.request();
            self.progress.body_begins();
            self.progress.body_ends();
        }
    }

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test(start_paused = true)]
    async fn the_time_for_the_first_head_starts_at_accept() {
        let mut connection = connection(None);
        assert_eq!(connection.runs(HEADER / 2).await, None);
        // One byte does not start it again, and neither do more.
        for _ in 0..4 {
            connection.progress.read();
            assert_eq!(connection.runs(HEADER / 10).await, None);
        }
        connection.progress.read();
        assert_eq!(connection.runs(LONG).await, Some((CloseReason::HeaderTimeout, HEADER / 10)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_head_has_its_time_from_its_first_byte() {
        let mut connection = connection(None);
        connection.progress.read();
        connection.responds();
        assert_eq!(connection.runs(LONG).await, None, "idle connections have no limit here");
        connection.progress.read();
        assert_eq!(connection.runs(LONG).await, Some((CloseReason::HeaderTimeout, HEADER)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_in_flight_has_no_limit_and_an_idle_connection_has() {
        let mut connection = connection(Some(IDLE));
        connection.progress.read();
        connection.progress.request();
        connection.progress.body_begins();
        assert_eq!(connection.runs(LONG).await, None);
        connection.progress.body_ends();
        assert_eq!(connection.runs(LONG).await, Some((CloseReason::IdleTimeout, IDLE)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_with_credentials_keeps_an_unused_connection() {
        let mut connection = connection(None);
        connection.progress.set_keeps_unused();
        assert_eq!(connection.runs(LONG).await, None);
        connection.progress.read();
        assert_eq!(connection.runs(LONG).await, Some((CloseReason::HeaderTimeout, HEADER)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_must_be_taken_but_not_fast() {
        let mut connection = connection(Some(IDLE));
        connection.progress.read();
        connection.responds();
        connection.progress.wrote(false);
        for _ in 0..10 {
            assert_eq!(connection.runs(WRITE / 10 * 9).await, None);
            connection.progress.wrote(true);
            connection.progress.wrote(false);
        }
        assert_eq!(connection.runs(LONG).await, Some((CloseReason::WriteTimeout, WRITE)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_without_timeouts_may_stand_still_until_the_next_request() {
        let mut connection = connection(Some(IDLE));
        connection.progress.read();
        connection.progress.request();
        connection.progress.set_untimed();
        connection.progress.wrote(false);
        assert_eq!(connection.runs(LONG).await, None);
        connection.progress.wrote(true);
        connection.progress.request();
        connection.progress.wrote(false);
        assert_eq!(connection.runs(LONG).await, Some((CloseReason::WriteTimeout, WRITE)));
    }
}
