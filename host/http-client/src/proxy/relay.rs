//! What an upgraded connection carries, in both directions with half-close: `docker run` without `-i` closes its side
//! at once and goes on reading until the container ends.

use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// How long the client may go on sending after the upstream has ended its side. dockerd closes both sides at once, and
/// that cannot be told from half of it.
const LINGER: Duration = Duration::from_secs(30);

/// Bytes that are read at once.
const CHUNK: usize = 16 << 10;

/// Copies until both sides have ended, or the client has not within half a minute after the upstream.
///
/// # Errors
/// One of the connections broke.
pub async fn relay<C, U>(client: C, upstream: U) -> io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
    U: AsyncRead + AsyncWrite + Unpin,
{
    let (from_client, to_client) = tokio::io::split(client);
    let (from_upstream, to_upstream) = tokio::io::split(upstream);
    let mut upload = std::pin::pin!(copy(from_client, to_upstream));
    let mut download = std::pin::pin!(copy(from_upstream, to_client));
    tokio::select! {
        sent = &mut upload => {
            // The upstream may have closed its side for reading while it still writes.
            if let Err(error) = sent {
                tracing::debug!(%error, "a stream to an upstream broke");
            }
            download.await
        }
        received = &mut download => {
            received?;
            let _ = tokio::time::timeout(LINGER, upload).await;
            Ok(())
        }
    }
}

async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = from.read(&mut chunk).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&chunk[..length]).await?;
        to.flush().await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    #[tokio::test]
    async fn each_side_may_end_before_the_other() {
        let (mut client, near) = duplex(64);
        let (far, mut upstream) = duplex(64);
        let relaying = tokio::spawn(relay(near, far));
        client.write_all(b"ok\n").await.unwrap();
        client.shutdown().await.unwrap();
        let mut received = String::new();
        upstream.read_to_string(&mut received).await.unwrap();
        assert_eq!(received, "ok\n");
        upstream.write_all(b"still here").await.unwrap();
        drop(upstream);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "still here");
        relaying.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stays_is_left_after_a_while() {
        let (mut client, near) = duplex(64);
        let (far, upstream) = duplex(64);
        drop(upstream);
        relay(near, far).await.unwrap();
        let mut answer = Vec::new();
        assert_eq!(client.read_to_end(&mut answer).await.unwrap(), 0);
    }
}
