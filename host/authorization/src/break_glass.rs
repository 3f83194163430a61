//! The way out of a bad policy: for a limited time, what policies refuse is allowed, and every such decision is recorded.
//! It is held in memory alone, so that a restart ends it.

use arc_swap::ArcSwapOption;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// What is open, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlass {
    /// The APIs whose refusals by policies are overruled.
    pub apis: BTreeSet<String>,
    /// When it ends by itself, for people.
    pub until: SystemTime,
    /// The same by a clock that is never set back.
    pub deadline: Instant,
    /// Why, for the records.
    pub reason: String,
    /// Who opened it.
    pub by: String,
}

impl BreakGlass {
    /// Either clock ends it.
    fn is_open(&self) -> bool {
        self.until > SystemTime::now() && self.deadline > Instant::now()
    }
}

/// Holds what is open. A decision reads it only once it was refused. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct BreakGlassCell(Arc<ArcSwapOption<BreakGlass>>);

impl BreakGlassCell {
    /// Overrules refusals by policies, until it ends by itself or is closed.
    pub fn open(&self, glass: BreakGlass) {
        self.0.store(Some(Arc::new(glass)));
    }

    /// Ends it. Returns what was open.
    pub fn close(&self) -> Option<Arc<BreakGlass>> {
        let before = self.0.swap(None);
        before.filter(|glass| glass.is_open())
    }

    /// What is open now.
    pub fn get(&self) -> Option<Arc<BreakGlass>> {
        self.0.load_full().filter(|glass| glass.is_open())
    }
}

/// The longest time that can be asked for.
pub const MAX_BREAK_GLASS: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    fn glass(until: SystemTime, deadline: Instant) -> BreakGlass {
        BreakGlass { apis: BTreeSet::new(), until, deadline, reason: "r".into(), by: "b".into() }
    }

    #[test]
    fn it_ends_by_itself_and_by_hand() {
        let cell = BreakGlassCell::default();
        assert!(cell.get().is_none());
        let (now, later) = (SystemTime::now(), SystemTime::now() + MAX_BREAK_GLASS);
        for (until, deadline) in [(now, Instant::now() + MAX_BREAK_GLASS), (later, Instant::now())] {
            cell.open(glass(until, deadline));
            assert!(cell.get().is_none() && cell.close().is_none());
        }
        cell.open(glass(later, Instant::now() + MAX_BREAK_GLASS));
        assert!(cell.get().is_some() && cell.close().is_some());
        assert!(cell.get().is_none());
    }
}
