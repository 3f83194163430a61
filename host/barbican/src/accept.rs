//! The `Accept` header, as `WebOb` 1.8 and pecan 1.8 read it ("webob/acceptparse.py", "pecan/core.py").

/// What a client accepts.
#[derive(Debug, Clone, PartialEq)]
pub struct Accept<'a> {
    text: Option<&'a str>,
    /// Absent where the header is not one: `WebOb` then lets everything pass.
    ranges: Option<Vec<Range<'a>>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    with_parameters: bool,
    quality: f32,
}

impl<'a> Accept<'a> {
    /// Reads the header; `None` where there is none.
    pub fn parse(text: Option<&'a str>) -> Self {
        Self { text, ranges: text.and_then(ranges) }
    }

    /// The header as it was sent.
    pub fn text(&self) -> Option<&'a str> {
        self.text
    }

    /// Whether pecan answers with `offer`, the one type that the controller has: if it is acceptable, or else if
    /// the header at least begins with it.
    pub fn admits(&self, offer: &str) -> bool {
        match self.text {
            None | Some("" | "*/*") => true,
            Some(text) => self.quality(offer) > 0.0 || text.starts_with(offer),
        }
    }

    /// Whether the answer to `GET /v1/secrets/{id}` is to be the metadata and not, as of old, the payload
    /// (`is_json_request_accept` in "barbican/api/controllers/__init__.py").
    pub fn asks_for_metadata(&self) -> bool {
        match self.text {
            None => true,
            Some(text) => self.ranges.is_some() && matches!(text, "application/json" | "*/*"),
        }
    }

    /// The first of the offers among the most acceptable; `None` also where there is no header, as `WebOb`'s errors
    /// take an absent header for an empty one.
    pub fn best<'o>(&self, offers: &[&'o str]) -> Option<&'o str> {
        self.text?;
        let mut best: Option<(&'o str, f32)> = None;
        for offer in offers {
            let quality = self.quality(offer);
            if quality > best.map_or(0.0, |(_, quality)| quality) {
                best = Some((offer, quality));
            }
        }
        best.map(|(offer, _)| offer)
    }

    /// The quality of the most specific range that the offer lies in.
    fn quality(&self, offer: &str) -> f32 {
        let Some(ranges) = &self.ranges else { return 1.0 };
        let (kind, subtype) = offer.split_once('/').unwrap_or((offer, ""));
        let mut found = (0, 0.0);
        for range in ranges.iter().filter(|range| !range.with_parameters) {
            let same_kind = range.kind.eq_ignore_ascii_case(kind);
            let specific = if range.kind == "*" && range.subtype == "*" {
                1
            } else if same_kind && range.subtype == "*" {
                2
            } else if same_kind && range.subtype.eq_ignore_ascii_case(subtype) {
                3
            } else {
                continue;
            };
            if specific > found.0 {
                found = (specific, range.quality);
            }
        }
        found.1
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn ranges(text: &str) -> Option<Vec<Range<'_>>> {
    let blank = |c| c == ' ' || c == '\t';
    let mut ranges = Vec::new();
    for element in text.split(',') {
        let element = element.trim_matches(blank);
        if element.is_empty() {
            continue;
        }
        let mut parts = element.split(';').map(|part| part.trim_matches(blank));
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut range = Range { kind, subtype, with_parameters: false, quality: 1.0 };
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let mut after_quality = false;
        for part in parts {
            let (name, value) =
                part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value)));
            if !is_token(name) || (value.is_none() && !after_quality) {
                return None;
            }
            match value {
                Some(value) if !after_quality && name.eq_ignore_ascii_case("q") => {
                    range.quality = weight(value)?;
                    after_quality = true;
                }
                Some(value) if !is_token(value) && !is_quoted(value) => return None,
                _ => range.with_parameters |= !after_quality,
            }
        }
        ranges.push(range);
    }
    Some(ranges)
}

fn is_quoted(text: &str) -> bool {
    text.len() >= 2 && text.starts_with('"') && text.ends_with('"')
}

/// `0`, `0.5`, `1.000`: three digits at most, and not above one.
fn weight(text: &str) -> Option<f32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let in_range = whole == "0" || (whole == "1" && fraction.bytes().all(|byte| byte == b'0'));
    (digits && in_range).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_admitted_as_pecan_admits_it() {
        for (header, admitted) in [
            (None, true),
            (Some(""), true),
            (Some("*/*"), true),
            (Some("application/json"), true),
            (Some("APPLICATION/JSON"), true),
            (Some("application/*"), true),
            (Some("application/json;q=0.5, text/plain"), true),
            (Some("application/json;q=0.5;x=1"), true),
            (Some("application/json;version=1"), true),
            (Some("application/json;q=0"), true),
            (Some("text/html,*/*;q=0.1"), true),
            (Some("text/html,application/json"), true),
            (Some("garbage"), true),
            (Some("application/json;q=2"), true),
            (Some("text/plain"), false),
            (Some("application/xml"), false),
            (Some("application/octet-stream"), false),
            (Some("*/json"), false),
            (Some("*/*;q=0"), false),
            (Some("*/*, application/json;q=0.0"), false),
            (Some(","), false),
        ] {
            assert_eq!(Accept::parse(header).admits("application/json"), admitted, "{header:?}");
        }
    }

    #[test]
    fn the_best_offer_is_the_most_acceptable_and_then_the_first() {
        let offers = ["text/html", "application/json"];
        for (header, best) in [
            (None, None),
            (Some(""), None),
            (Some("image/png"), None),
            (Some("text/plain"), None),
            (Some("*/*"), Some("text/html")),
            (Some("garbage"), Some("text/html")),
            (Some("application/json"), Some("application/json")),
            (Some("text/html;q=0.1,*/*"), Some("application/json")),
            (Some("text/html,*/*;q=0.8"), Some("text/html")),
        ] {
            assert_eq!(Accept::parse(header).best(&offers), best, "{header:?}");
        }
    }

    #[test]
    fn only_two_spellings_ask_for_metadata() {
        for (header, metadata) in [
            (None, true),
            (Some("*/*"), true),
            (Some("application/json"), true),
            (Some(""), false),
            (Some("application/json; q=0.9"), false),
            (Some("application/json, text/plain"), false),
            (Some("text/plain"), false),
        ] {
            assert_eq!(Accept::parse(header).asks_for_metadata(), metadata, "{header:?}");
        }
    }
}
