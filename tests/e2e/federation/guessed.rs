//! Passwords that are guessed: recorded once in a while, and never with the password.

use serde_json::Value;

use super::boto::{BASIC, PASSWORDS};
use super::host::Setup;

const MOUNT: &str = r#"
[[federation.mounts]]
prefix = "/people"
identity = { password_file = "FOLDER/passwords" }
policies = ["people"]
accounts = { production = "111111111111" }
[[policies]]
name = "people"
module = "builtin:aws-roles"
settings = { grants = [{ users = "*", accounts = ["production"], roles = ["reader"] }] }
"#;

#[test]
fn failed_logins_are_one_record_for_each_name_and_address() {
    let host = Setup::new().file("passwords", PASSWORDS).talkative().start(MOUNT);
    let get = |authorization: &str, path: &str| {
        host.client.get(&format!("/people{path}")).header("Authorization", authorization).send().status
    };
    // `alice:hunter2-1`, `alice:hunter2-2`, `hunter2-3:x`: the last is a password in the wrong field.
    let guesses = ["Basic YWxpY2U6aHVudGVyMi0x", "Basic YWxpY2U6aHVudGVyMi0y", "Basic aHVudGVyMi0zOng="];
    // A path that the mount does not have authenticates too, for the name in the response.
    assert_eq!(get(guesses[0], "/nowhere"), 404);
    for guess in guesses {
        assert_eq!(get(guess, "/account"), 401, "{guess}");
    }
    let statuses: Vec<_> = (0..10).map(|_| get(guesses[1], "/account")).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(get(BASIC, "/account"), 429, "the right one is a guess like any other now");

    let records = host.records(2);
    let found: Vec<_> = records.iter().filter(|record| record["kind"] == "authentication").collect();
    let said: Vec<_> = found.iter().map(|record| (&record["rule"], &record["principal"]["name"])).collect();
    let expected =
        [("host:wrong-password".into(), "alice".into()), ("host:unknown-user".into(), Value::Null)];
    assert_eq!(said, expected.each_ref().map(|(rule, name)| (rule, name)), "{records:?}");
    for record in found {
        assert_eq!((&record["verdict"], &record["peer"]), (&"deny".into(), &"127.0.0.1".into()), "{record}");
    }
    let everything = format!("{}{}", host.decisions(), host.portcullis.log());
    assert!(!everything.contains("hunter2") && !everything.contains("aHVudGVyMi"), "a password shows");
}
