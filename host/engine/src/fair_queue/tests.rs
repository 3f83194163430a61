//! Turns, bounds, and leaving.

use super::*;
use proptest::prelude::*;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

const WIDE: Bounds = Bounds { entries: 1000, bytes: 1000 };

/// Who holds what the others wait for.
const HOLDER: QueueKey = QueueKey(99);

type Waiting = Pin<Box<dyn Future<Output = Result<Permit, QueueError>> + Send>>;

/// Enters the queue at once.
async fn wait(queue: &Arc<FairQueue>, key: u64, bytes: usize) -> Waiting {
    let queue = Arc::clone(queue);
    let mut waiting: Waiting = Box::pin(async move { queue.acquire(QueueKey(key), bytes, None).await });
    if let Some(result) = poll(&mut waiting).await {
        return Box::pin(std::future::ready(result));
    }
    waiting
}

async fn poll(waiting: &mut Waiting) -> Option<Result<Permit, QueueError>> {
    poll_fn(|cx| {
        Poll::Ready(match waiting.as_mut().poll(cx) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test]
async fn principals_take_turns() {
    let queue = FairQueue::new(1, 0, WIDE);
    let mut held = queue.try_acquire(HOLDER);
    assert!(queue.try_acquire(HOLDER).is_none());
    let mut waiting = Vec::new();
    for (name, key) in [("a1", 1), ("a2", 1), ("a3", 1), ("b1", 2), ("c1", 3), ("b2", 2)] {
        waiting.push((name, wait(&queue, key, 1).await));
    }
    let mut order = Vec::new();
    while !waiting.is_empty() {
        drop(held.take());
        for at in 0..waiting.len() {
            if let Some(permit) = poll(&mut waiting[at].1).await {
                held = Some(permit.unwrap());
                order.push(waiting.remove(at).0);
                break;
            }
        }
    }
    assert_eq!(order, ["a1", "b1", "c1", "a2", "b2", "a3"]);
    drop(held);
    assert!(queue.try_acquire(HOLDER).is_some());
    assert_eq!(queue.depth(), 0);
}

#[tokio::test]
async fn a_full_queue_refuses_the_principal_that_has_most_of_it() {
    let queue = FairQueue::new(0, 0, Bounds { entries: 4, bytes: 1000 });
    let mut big = Vec::new();
    for _ in 0..4 {
        big.push(wait(&queue, 1, 1).await);
    }
    assert_eq!(poll(&mut wait(&queue, 1, 1).await).await.unwrap().unwrap_err(), QueueError::Full);
    let mut other = wait(&queue, 2, 1).await;
    assert!(poll(&mut other).await.is_none(), "it has a place");
    let newest = big.pop().unwrap();
    assert_eq!(newest.await.unwrap_err(), QueueError::Full);
    for waiting in &mut big {
        assert!(poll(waiting).await.is_none(), "older ones keep theirs");
    }
    let mut second = wait(&queue, 2, 1).await;
    assert!(poll(&mut second).await.is_none(), "two of each");
    assert_eq!(poll(&mut wait(&queue, 2, 1).await).await.unwrap().unwrap_err(), QueueError::Full);
}

#[tokio::test]
async fn bytes_are_bounded_too() {
    let queue = FairQueue::new(0, 0, Bounds { entries: 100, bytes: 10 });
    let large = wait(&queue, 1, 8).await;
    assert_eq!(poll(&mut wait(&queue, 1, 8).await).await.unwrap().unwrap_err(), QueueError::Full);
    let mut small = wait(&queue, 2, 4).await;
    assert!(poll(&mut small).await.is_none());
    assert_eq!(large.await.unwrap_err(), QueueError::Full);
    assert_eq!(poll(&mut wait(&queue, 3, 11).await).await.unwrap().unwrap_err(), QueueError::Full);
    assert_eq!(queue.depth(), 1);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_in_time_and_leaves_the_queue() {
    let queue = FairQueue::new(0, 0, WIDE);
    let until = Instant::now() + Duration::from_secs(5);
    let timed_out = queue.acquire(QueueKey(1), 1, Some(until)).await;
    assert_eq!(timed_out.unwrap_err(), QueueError::Timeout);
    assert_eq!(Instant::now(), until);
    assert_eq!(queue.depth(), 0);
}

#[tokio::test]
async fn a_permit_that_is_handed_to_a_caller_that_leaves_goes_on() {
    let queue = FairQueue::new(1, 0, WIDE);
    let held = queue.try_acquire(HOLDER);
    let leaves = wait(&queue, 1, 1).await;
    let stays = wait(&queue, 2, 1).await;
    drop(held);
    drop(leaves);
    let permit = stays.await.unwrap();
    assert!(queue.try_acquire(HOLDER).is_none());
    drop(permit);
    assert!(queue.try_acquire(HOLDER).is_some());
}

proptest! {
    /// In any order of entering, leaving and releasing: permits are neither lost nor made, and the bounds hold.
    #[test]
    fn permits_and_bounds_hold(
        steps in prop::collection::vec((0_u8..4, 1_u64..4, 1_usize..5), 1..200),
        reserve in 0_usize..2,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let bounds = Bounds { entries: 6, bytes: 12 };
            let queue = FairQueue::new(2, reserve, bounds);
            let (mut held, mut waiting): (Vec<Permit>, Vec<Waiting>) = (Vec::new(), Vec::new());
            for (step, key, bytes) in steps {
                match step {
                    0 | 1 => waiting.push(wait(&queue, key, bytes).await),
                    2 => drop((!held.is_empty()).then(|| held.remove(0))),
                    _ => drop((!waiting.is_empty()).then(|| waiting.remove(waiting.len() / 2))),
                }
                let mut left = Vec::new();
                for mut one in waiting {
                    match poll(&mut one).await {
                        Some(Ok(permit)) => held.push(permit),
                        Some(Err(error)) => assert_eq!(error, QueueError::Full),
                        None => left.push(one),
                    }
                }
                waiting = left;
                let state = queue.state();
                assert_eq!(state.free + held.len(), 2);
                assert!(state.entries <= bounds.entries && state.bytes <= bounds.bytes);
                assert_eq!(state.entries, waiting.len());
                assert_eq!(state.entries, state.waiting.values().map(|line| line.entries.len()).sum::<usize>());
                assert_eq!(state.bytes, state.waiting.values().map(|line| line.bytes).sum::<usize>());
                assert_eq!(state.turns.len(), state.waiting.len());
                assert!(state.turns.iter().all(|key| !state.may_take(*key, reserve)), "each waits for a reason");
                assert_eq!(state.held.values().sum::<usize>(), held.len());
            }
        });
    }
}

#[tokio::test]
async fn what_goes_on_is_before_others_of_its_principal_and_not_before_other_principals() {
    let queue = FairQueue::new(1, 0, WIDE);
    let held = queue.try_acquire(HOLDER);
    let mut newcomer = wait(&queue, 1, 1).await;
    let mut other = wait(&queue, 2, 1).await;
    let mut goes_on: Waiting = Box::pin({
        let queue = Arc::clone(&queue);
        async move { queue.acquire_at(Position::Front, QueueKey(1), 1, None).await }
    });
    assert!(poll(&mut goes_on).await.is_none());
    drop(held);
    let permit = poll(&mut goes_on).await.unwrap();
    drop(permit);
    assert!(poll(&mut newcomer).await.is_none());
    drop(poll(&mut other).await.unwrap());
    drop(poll(&mut newcomer).await.unwrap());
}

#[tokio::test]
async fn reserved_permits_are_for_principals_that_hold_none() {
    let queue = FairQueue::new(4, 1, WIDE);
    let (big, small) = (QueueKey(1), QueueKey(2));
    let mut held: Vec<_> = (0..3).map(|_| queue.try_acquire(big).unwrap()).collect();
    assert!(queue.try_acquire(big).is_none());
    let mut waiting = wait(&queue, 1, 1).await;
    let reserved = queue.try_acquire(small).unwrap();
    assert!(queue.try_acquire(small).is_none());
    drop(reserved);
    assert!(poll(&mut waiting).await.is_none(), "it is reserved again");
    held.pop();
    poll(&mut waiting).await.unwrap().unwrap();
}
