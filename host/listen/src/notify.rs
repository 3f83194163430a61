//! Telling a service manager how it goes (`sd_notify(3)`). Without `NOTIFY_SOCKET` nothing is done.

use sd_notify::NotifyState;

/// Everything listens.
pub fn ready() {
    send(&[NotifyState::Ready]);
}

/// The configuration is being read again; [`ready`] says when that is done.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "cannot tell the service manager of a reload"),
    }
}

/// No more requests are taken.
pub fn stopping() {
    send(&[NotifyState::Stopping]);
}

/// One line on how it goes, for `systemctl status`.
pub fn status(text: &str) {
    send(&[NotifyState::Status(text.lines().next().unwrap_or_default())]);
}

fn send(state: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "cannot tell the service manager how it goes");
    }
}
