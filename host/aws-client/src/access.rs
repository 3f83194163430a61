//! How a request for access is printed, on one line.

use serde_json::Value;
use std::time::{Duration, UNIX_EPOCH};

use crate::error::sanitize;

/// Id, state, role, user, time and reason. What the mount says goes to a terminal, and is sanitized.
pub(crate) fn request_line(request: &Value) -> String {
    let text = |key: &str| sanitize(request[key].as_str().unwrap_or("-"));
    let duration = Duration::from_secs(request["duration_seconds"].as_u64().unwrap_or_default());
    let by = request["by"].as_str().map(|by| format!(" by {}", sanitize(by))).unwrap_or_default();
    let time = match (text("state").as_str(), request["ends"].as_u64()) {
        ("approved", Some(ends)) => {
            let ends = UNIX_EPOCH.checked_add(Duration::from_secs(ends)).unwrap_or(UNIX_EPOCH);
            format!("until {}", humantime::format_rfc3339_seconds(ends))
        }
        _ => format!("for {}", humantime::format_duration(duration)),
    };
    format!(
        "{}  {}{by}  {}/{}  {}  {time}  {}",
        text("id"),
        text("state"),
        text("account"),
        text("role"),
        text("requester"),
        text("reason")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_line_for_a_terminal() {
        let request = json!({
            "id": "7f01", "state": "approved", "account": "production", "role": "repair", "requester": "alice",
            "duration_seconds": 3600, "ends": 1_795_000_000, "by": "carol", "reason": "a\u{1b}[31m\nb",
        });
        let expected = "7f01  approved by carol  production/repair  alice  until 2026-11-18T11:06:40Z  a\u{fffd}[31m\u{fffd}b";
        assert_eq!(request_line(&request), expected);
        let open = json!({ "id": "7f01", "state": "open", "duration_seconds": 5400 });
        assert_eq!(request_line(&open), "7f01  open  -/-  -  for 1h 30m  -");
    }
}
