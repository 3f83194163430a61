//! Pages of lists: `limit` and `offset` (`clean_paging_values` in "barbican/model/repositories.py"), and the links to the
//! pages before and after (`add_nav_hrefs` in "barbican/common/hrefs.py").

use crate::query::Query;
use crate::response::Refusal;
use crate::version::integer;

/// Barbican's `default_limit_paging`.
const DEFAULT_LIMIT: u64 = 10;
/// Barbican's `max_limit_paging`.
const MAX_LIMIT: u64 = 100;

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paging {
    pub(super) offset: u64,
    pub(super) limit: u64,
}

/// The references of the pages before and after.
pub(super) struct Links {
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

impl Paging {
    /// Reads the query: what is no number counts as absent.
    pub(super) fn of(query: &Query) -> Result<Self, Refusal> {
        let number = |name| {
            let text = query.get(name).map_err(|_| Refusal::query())?.filter(|value| !value.is_empty());
            Ok::<_, Refusal>(text.and_then(|text| integer(text).ok()))
        };
        let offset = number("offset")?.and_then(|offset| i64::try_from(offset).ok());
        let limit = number("limit")?.map(|limit| u64::try_from(limit.clamp(1, MAX_LIMIT.into())));
        Ok(Self {
            offset: offset.and_then(|offset| u64::try_from(offset).ok()).unwrap_or(0),
            limit: limit.map_or(DEFAULT_LIMIT, |limit| limit.unwrap_or(MAX_LIMIT)),
        })
    }

    /// The links beneath `base`; `rest` is the rest of the query.
    pub(super) fn links(self, base: &str, total: u64, rest: &str) -> Links {
        let limit = self.limit;
        let link = |offset: u64| {
            let rest = if rest.is_empty() { String::new() } else { format!("&{rest}") };
            format!("{base}?limit={limit}&offset={offset}{rest}")
        };
        let end = self.offset.saturating_add(limit);
        Links {
            previous: (self.offset > 0).then(|| link(self.offset.saturating_sub(limit))),
            next: (total > end).then(|| link(end)),
        }
    }
}

impl Links {
    /// Those of a page without anything on it, in most lists.
    pub(super) const NONE: Self = Self { previous: None, next: None };
}
