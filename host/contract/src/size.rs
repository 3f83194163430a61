//! How much memory a value holds, for queues that are bounded in bytes.

use crate::types::Verdict;

/// Bytes that a value holds on the heap. Computed only when a request has to wait.
pub trait HeapSize {
    /// Bytes on the heap, without the value's own.
    fn heap_size(&self) -> usize;
}

macro_rules! without_heap {
    ($($ty:ty),*) => {
        $(impl HeapSize for $ty {
            fn heap_size(&self) -> usize {
                0
            }
        })*
    };
}

without_heap!(bool, u16, u32, u64, i32, Verdict);

impl HeapSize for String {
    fn heap_size(&self) -> usize {
        self.capacity()
    }
}

impl<T: HeapSize> HeapSize for Option<T> {
    fn heap_size(&self) -> usize {
        self.as_ref().map_or(0, T::heap_size)
    }
}

impl<T: HeapSize> HeapSize for Vec<T> {
    fn heap_size(&self) -> usize {
        let own = self.capacity().saturating_mul(size_of::<T>());
        self.iter().fold(own, |sum, value| sum.saturating_add(value.heap_size()))
    }
}

impl<A: HeapSize, B: HeapSize> HeapSize for (A, B) {
    fn heap_size(&self) -> usize {
        self.0.heap_size().saturating_add(self.1.heap_size())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Context, Principal};

    #[test]
    fn everything_on_the_heap_counts() {
        let context = Context { decision: "d".repeat(32), peer: Some("unix".into()), ..Context::default() };
        assert_eq!(context.heap_size(), 36);
        let groups = vec!["a".repeat(10), "b".repeat(20)];
        let principal = Principal { groups, ..Principal::default() };
        assert_eq!(principal.heap_size(), 2 * size_of::<String>() + 30);
    }
}
