//! What AFP made of the same, and what it should have made.

use super::*;
use crate::aws::Account;
use crate::aws::credentials::Moment;
use portcullis_contract::aws::Grant;
use proptest::prelude::*;
use std::time::Duration;

const SIGN_IN: &str = "https://signin.aws.amazon.com/federation";

fn session(duration_seconds: Option<u32>) -> Session {
    let account = Account { id: "123456789012".parse().unwrap(), partition: Partition::Aws };
    let grant = Grant { role: "deploy".into(), duration_seconds, ..Grant::default() };
    Session::new(&account, "", "alice", &grant).unwrap()
}

fn credentials(long_term_keys: bool) -> Credentials {
    let now = Moment::now();
    let expiration = now.time + Duration::from_hours(1);
    Credentials::new("ASIA".into(), "a/b +".into(), "t=\"&%;?".into(), expiration, now, long_term_keys)
}

#[test]
fn the_question_for_a_token() {
    let url = token_url(SIGN_IN, &session(None), &credentials(true)).unwrap();
    let json = "%7B%22sessionId%22%3A%22ASIA%22%2C%22sessionKey%22%3A%22a%2Fb+%2B%22%2C%22sessionToken%22%3A%22t%3D%5C%22%26%25%3B%3F%22%7D";
    assert_eq!(*url, format!("{SIGN_IN}?Action=getSigninToken&SessionDuration=43200&Session={json}"));
    let url = token_url(SIGN_IN, &session(None), &credentials(false)).unwrap();
    assert_eq!(*url, format!("{SIGN_IN}?Action=getSigninToken&Session={json}"));
}

#[test]
fn a_console_session_is_no_longer_than_the_policy_said() {
    for (said, asked) in [(None, 43_200), (Some(900), 900), (Some(3600), 3600), (Some(43_200), 43_200)] {
        let url = token_url(SIGN_IN, &session(said), &credentials(true)).unwrap();
        assert!(url.contains(&format!("&SessionDuration={asked}&")), "{said:?}");
        let url = token_url(SIGN_IN, &session(said), &credentials(false)).unwrap();
        assert!(!url.contains("SessionDuration"), "{said:?}");
    }
}

#[test]
fn the_url_for_the_browser() {
    let url = login_url(SIGN_IN, "https://x/ä b", Partition::Aws.console(), &"a+b/c=".into());
    assert_eq!(
        url.expose_secret(),
        "https://signin.aws.amazon.com/federation?Action=login&Issuer=https%3A%2F%2Fx%2F%C3%A4+b\
         &Destination=https%3A%2F%2Fconsole.aws.amazon.com%2F&SigninToken=a%2Bb%2Fc%3D"
    );
    let url = login_url(SIGN_IN, "", Partition::Aws.console(), &"t".into());
    assert!(url.expose_secret().contains("&Issuer=&"));
}

#[test]
fn destinations() {
    let console = Partition::Aws.console();
    assert_eq!(page(None, console, Partition::Aws), Ok(console));
    for url in [
        "https://console.aws.amazon.com/s3/home?region=eu-central-1#a",
        "https://eu-central-1.console.aws.amazon.com/ec2/v2/home?region=eu-central-1#Instances:",
        "https://CONSOLE.aws.amazon.com/",
        "https://us-east-1.quicksight.aws.amazon.com/",
    ] {
        assert_eq!(page(Some(url), console, Partition::Aws), Ok(url));
        assert!(page(Some(url), Partition::AwsCn.console(), Partition::AwsCn).is_err(), "{url}");
    }
    for url in [
        "",
        "/s3",
        "//console.aws.amazon.com/",
        "http://console.aws.amazon.com/",
        "javascript:alert(1)",
        "https://evil.example/",
        "https://console.aws.amazon.com.evil.example/",
        "https://evilaws.amazon.com/",
        "https://console.aws.amazon.com@evil.example/",
        "https://evil.example/#.aws.amazon.com/",
        "https://evil.example\\.aws.amazon.com/",
        "https://console.aws.amazon.com:8443/",
        "https://console.aws.amazon.com/\n",
        "https://console.aws.amazon.com/a b",
    ] {
        let error = page(Some(url), console, Partition::Aws).unwrap_err();
        assert!(matches!(error, AwsError::Destination(_)), "{url}");
    }
    let own = "https://console.example/start";
    assert_eq!(page(Some("https://console.example/x"), own, Partition::Aws), Ok("https://console.example/x"));
}

#[test]
fn a_region_is_put_into_the_query() {
    let console = Partition::Aws.console();
    for (asked, wanted) in [
        (None, "https://console.aws.amazon.com/console/home?region=eu-central-1"),
        (
            Some("https://console.aws.amazon.com"),
            "https://console.aws.amazon.com/console/home?region=eu-central-1",
        ),
        (
            Some("https://console.aws.amazon.com/s3/home"),
            "https://console.aws.amazon.com/s3/home?region=eu-central-1",
        ),
        (
            Some("https://console.aws.amazon.com/ec2/home?region=us-east-1&x=y#Instances:a?region=b"),
            "https://console.aws.amazon.com/ec2/home?x=y&region=eu-central-1#Instances:a?region=b",
        ),
        (
            Some("https://console.aws.amazon.com/s3?regional=a&region"),
            "https://console.aws.amazon.com/s3?regional=a&region=eu-central-1",
        ),
        (
            Some("https://us-east-1.console.aws.amazon.com/"),
            "https://us-east-1.console.aws.amazon.com/console/home?region=eu-central-1",
        ),
        (
            Some("https://us-east-1.quicksight.aws.amazon.com/"),
            "https://us-east-1.quicksight.aws.amazon.com/?region=eu-central-1",
        ),
    ] {
        let found = destination(asked, Some("eu-central-1"), console, Partition::Aws);
        assert_eq!(found.as_deref(), Ok(wanted), "{asked:?}");
    }
    let china = destination(None, Some("cn-north-1"), Partition::AwsCn.console(), Partition::AwsCn);
    assert_eq!(china.as_deref(), Ok("https://console.amazonaws.cn/console/home?region=cn-north-1"));
    let long = format!("eu-{}", "x".repeat(40));
    for region in
        ["", "eu", "EU-CENTRAL-1", "eu-central-1&x=y", "eu-central-1#", "cn-north-1", "us-iso-east-1", &long]
    {
        let error = destination(None, Some(region), console, Partition::Aws).unwrap_err();
        assert!(error.to_string().contains("is no region of `aws`"), "{region}: {error}");
    }
    assert!(
        destination(Some("https://evil.example/"), Some("eu-central-1"), console, Partition::Aws).is_err()
    );
}

proptest! {
    /// Nothing that is put into the URL can add a parameter to it.
    #[test]
    fn every_text_comes_back_as_it_was(text in ".{0,60}") {
        let quoted = quote(&text);
        prop_assert!(quoted.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%+".contains(&byte)));
        let plain = quoted.replace('+', " ");
        let decoded = percent_encoding::percent_decode_str(&plain).decode_utf8().unwrap();
        prop_assert_eq!(decoded, text);
    }
}
