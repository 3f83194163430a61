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

/// Copies until both sides have ended, or the client has not within half a minute after the upstream. A client that is
/// gone ends both directions.
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
        sent = &mut upload => match sent {
            Err(Broken::Source(error)) => Err(error),
            // The upstream may have closed its side for reading while it still writes.
            Ok(()) | Err(Broken::Destination(_)) => Ok(download.await?),
        },
        received = &mut download => {
            received?;
            let _ = tokio::time::timeout(LINGER, upload).await;
            Ok(())
        }
    }
}

/// Which side of a copy broke.
enum Broken {
    Source(io::Error),
    Destination(io::Error),
}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Source(error) | Broken::Destination(error) => error,
        }
    }
}

async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> Result<(), Broken> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = from.read(&mut chunk).await.map_err(Broken::Source)?;
        if length == 0 {
            return to.shutdown().await.map_err(Broken::Destination);
        }
        to.write_all(&chunk[..length]).await.map_err(Broken::Destination)?;
        to.flush().await.map_err(Broken::Destination)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    /// A connection that was reset.
    struct Reset;

    impl AsyncRead for Reset {
        fn poll_read(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            std::task::Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }
    }

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

    #[tokio::test]
    async fn a_client_whose_connection_broke_ends_both_directions() {
        let client = tokio::io::join(Reset, tokio::io::sink());
        let (far, _upstream) = duplex(64);
        assert_eq!(relay(client, far).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
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
