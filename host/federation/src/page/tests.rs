//! Names and texts with any content change nothing of a page but its text.

use axum::http::StatusCode;
use portcullis_contract::aws::Grant;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::aws::Account;

/// A page taken apart: its tags with the names of their attributes, and everything that is text or a value.
#[derive(Debug, PartialEq)]
struct Apart {
    tags: Vec<String>,
    texts: Vec<String>,
}

/// Takes apart what we write: values in double quotes, entities only for `&`, `<`, `>` and `"`. Anything else panics.
fn apart(page: &str) -> Apart {
    let mut page = page.to_owned();
    for element in ["style", "script"] {
        let (from, to) =
            (page.find(&format!("<{element}>")).unwrap(), page.find(&format!("</{element}>")).unwrap());
        page.replace_range(from..to, &format!("<{element}>"));
    }
    let (mut tags, mut texts) = (Vec::new(), Vec::new());
    let mut rest = page.as_str();
    while !rest.is_empty() {
        let (text, tag) = rest.split_once('<').unwrap_or((rest, ""));
        texts.push(unescaped(text));
        let mut tag = tag;
        let mut name = String::new();
        loop {
            let end = tag.find(['"', '>', '<', '\'']).unwrap_or(tag.len());
            name.push_str(&tag[..end]);
            match tag[end..].chars().next() {
                Some('"') => {
                    let (value, after) = tag[end + 1..].split_once('"').unwrap();
                    assert!(!value.contains(['<', '>']), "{value}");
                    texts.push(unescaped(value));
                    name.push('"');
                    tag = after;
                }
                Some('>') => {
                    rest = &tag[end + 1..];
                    break;
                }
                Some(other) => panic!("`{other}` in a tag"),
                None => {
                    rest = "";
                    break;
                }
            }
        }
        tags.push(name);
    }
    Apart { tags, texts }
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').expect("an ampersand begins an entity");
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            other => panic!("entity `{other}`"),
        });
        plain.push_str(rest);
    }
    assert!(!text.contains('>'), "{text}");
    plain
}

/// Every page, with one text in each place for foreign text.
fn pages(text: &str) -> [String; 5] {
    let account = Account { id: "123456789012".parse().unwrap(), partition: crate::aws::Partition::Aws };
    let accounts = BTreeMap::from([(text.to_owned(), account)]);
    let grants = [Grant { account: text.into(), role: text.into(), reason: text.into(), ..Grant::default() }];
    let secret = Secret {
        access_key_id: text,
        secret_access_key: text,
        session_token: text,
        expiration: UNIX_EPOCH + Duration::from_hours(1),
        profile: "shop-read",
    };
    let format = Format::CredentialProcess;
    let row = RequestRow {
        id: text,
        requester: text,
        account: text,
        role: text,
        duration: Duration::from_hours(1),
        reason: text,
        standing: Standing::Open,
        by: Some(text),
        may_decide: true,
    };
    [
        Roles {
            user: text,
            csrf: Some(text),
            accounts: Accounts::of(&grants, &accounts),
            filter: text,
            format,
            requests: true,
            destination: text,
            region: text,
        }
        .render(),
        Requests { user: text, csrf: Some(text), rows: vec![row], requestable: vec![text] }.render(),
        Keys { account: text, role: text, csrf: Some(text), format, secret, now: UNIX_EPOCH }.render(),
        Opening { account: text, role: text, url: text }.render(),
        Refused { status: StatusCode::FORBIDDEN, message: text, back: Some("../console") }.render(),
    ]
}

fn check(text: &str) {
    // In `plain` the filter matches as well, and where something stands for nothing it is missing in both.
    for (page, plain) in pages(text).iter().zip(pages("plain")) {
        let (page, plain) = (apart(page), apart(&plain));
        assert_eq!(page.tags, plain.tags);
        // In how many places the text stands by itself.
        let by_itself = |apart: &Apart, text: &str| apart.texts.iter().filter(|found| *found == text).count();
        // A page has words of its own too, such as the hour at which credentials end: `8` may be one.
        let own = by_itself(&plain, text);
        assert_eq!(by_itself(&page, text), own + by_itself(&plain, "plain"));
        assert!(by_itself(&plain, "plain") > 0);
    }
}

#[test]
fn hostile_names_are_text() {
    for text in [
        "<script>alert(1)</script>",
        "</textarea><img src=x onerror=alert(1)>",
        "\" autofocus onfocus=\"alert(1)",
        "' onclick='alert(1)",
        "</title></style></script><h1>",
        "&lt;b&gt;&amp;&quot;&#60;",
        "javascript:alert(1)",
        "\u{202e}nimda",
        "<!--",
        "]]>",
        "8",
    ] {
        check(text);
    }
}

proptest! {
    #[test]
    fn any_name_is_text(text in "[<>\"'&;/=a-z!#-]{0,12}[^\\s]{1,12}") {
        check(&text);
    }
}

#[test]
fn credentials_stand_where_they_are_copied_from() {
    let secret = Secret {
        access_key_id: "ASIAEXAMPLE",
        secret_access_key: "k",
        session_token: "t",
        expiration: UNIX_EPOCH + Duration::from_mins(59),
        profile: "shop-read",
    };
    for format in Format::ALL {
        let page =
            Keys { account: "shop", role: "read", csrf: None, format, secret, now: UNIX_EPOCH }.render();
        let written = format.write(&secret);
        assert!(apart(&page).texts.contains(&written), "{page}");
        let pressed = format!(r#"value="{}" aria-pressed="true""#, format.name());
        assert!(page.contains(&pressed) && page.matches(r#" aria-pressed="true""#).count() == 1);
        assert!(page.contains("for another 59 minutes"));
        assert!(page.contains(&format!(r#"href="../console?format={}""#, format.name())));
    }
}

#[test]
fn the_way_to_a_console_is_taken_by_itself_and_by_a_link() {
    let url = "https://signin.aws.amazon.com/federation?Action=login&SigninToken=a%2Bb";
    let page = Opening { account: "shop", role: "read", url }.render();
    let escaped = url.replace('&', "&amp;");
    assert!(page.contains(&format!(r#"<meta http-equiv="refresh" content="0; url={escaped}">"#)));
    assert!(page.contains(&format!(r#"href="{escaped}" rel="noreferrer""#)));
}

#[test]
fn a_failure_says_what_the_api_says_and_leads_back() {
    for (status, title) in [
        (StatusCode::UNAUTHORIZED, "Who are you?"),
        (StatusCode::BAD_REQUEST, "That was not understood"),
        (StatusCode::FORBIDDEN, "Not allowed"),
        (StatusCode::NOT_FOUND, "That is not there"),
        (StatusCode::BAD_GATEWAY, "That did not work"),
    ] {
        let message = "no policy grants you this role (decision 0192)";
        let page = Refused { status, message, back: Some("../console") }.render();
        assert!(page.contains(&format!("<h1>{title}</h1>")) && page.contains(message), "{page}");
        assert!(page.contains(r#"<a href="../console">"#));
        assert!(Refused { status, message, back: None }.render().contains(r#"<a href="">Try again"#));
    }
}
