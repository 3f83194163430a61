//! AWS's SSO portal: profiles with `sso_session` and `sso_start_url`, by unmodified boto3.

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;

use super::sign_in::World;
use portcullis_testing::aws_tools::Tools;

const PROFILES: &str = "[profile reader]\nsso_session = portcullis\nsso_account_id = 111111111111\nsso_role_name = reader\n\
    [sso-session portcullis]\nsso_start_url = https://aws.example.org/people\nsso_region = eu-central-1\n\
    [profile old]\nsso_start_url = https://aws.example.org/people\nsso_region = eu-central-1\n\
    sso_account_id = 111111111111\nsso_role_name = reader\n";

#[test]
fn a_program_signs_in_as_aws_sso_login_does() {
    let Some(tools) = Tools::needed() else { return };
    let world = World::start(&tools);
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".aws")).unwrap();
    fs::write(home.path().join(".aws/config"), PROFILES).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/e2e/federation/sso.py");
    let mut command = tools.python(script, home.path());
    let endpoint = format!("{}/people/sso", world.host.url());
    command.env("AWS_ENDPOINT_URL_SSO", &endpoint).env("AWS_ENDPOINT_URL_SSO_OIDC", &endpoint);
    let mut program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(program.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let path = line.trim().strip_prefix(&world.host.url()).unwrap_or_else(|| panic!("{line}")).to_owned();

    // Without a session the link leads through a sign-in, and then to the same page.
    let mut alice = super::sign_in::Browser::default();
    let first = world.get(&mut alice, &path);
    let query = path.split_once('?').unwrap().1;
    assert_eq!(first.status, 401);
    assert!(first.text().contains(&format!(r#"href="sign-in?page=device&amp;{query}""#)), "{}", first.text());
    let callback = world.callback(&mut alice, &format!("?page=device&{query}"), "alice");
    let back = world.get(&mut alice, &callback);
    assert_eq!(super::sign_in::location(&back), format!("device?{query}"));
    let page = world.get(&mut alice, &path).text();
    let code = query.strip_prefix("user_code=").unwrap();
    // A link of another person must not be a click away from a session.
    assert!(page.contains("name=\"user_code\"") && !page.contains(code), "{page}");

    let csrf = world.csrf(&mut alice);
    let form = format!("user_code={code}&csrf={csrf}");
    let allow = "/people/console/allow";
    for (body, site, status) in [
        (form.as_str(), "cross-site", 403),
        (&form.replace("csrf=", "csrf=x"), "same-origin", 403),
        (&format!("user_code=AAAA-AAAA&csrf={csrf}"), "same-origin", 400),
        // Well-formed, but this host has not issued it.
        (&format!("user_code=BBBB-BBBB&csrf={csrf}"), "same-origin", 400),
        (&form, "same-origin", 200),
    ] {
        let answer = world.post(&mut alice, allow, body, &[("Sec-Fetch-Site", site)]);
        assert_eq!(answer.status, status, "{body} {site}: {}", answer.text());
    }
    // Another user does not take the code over.
    let mut carol = world.signed_in("carol");
    let of_carol = format!("user_code={code}&csrf={}", world.csrf(&mut carol));
    assert_eq!(world.own(&mut carol, allow, &of_carol).status, 409);
    // A program's own token allows no other program.
    let bearer = world.provider.token(r#"{"groups": ["aws-production-reader"]}"#);
    assert_eq!(world.host.client.get(&path).header("Authorization", bearer).send().status, 403);

    program.stdin.take().unwrap().write_all(b"\n").unwrap();
    let mut found = String::new();
    output.read_line(&mut found).unwrap();
    assert!(program.wait().unwrap().success(), "{found}");
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(
        found["accounts"],
        json!([
            { "accountName": "production", "accountId": "111111111111", "emailAddress": "" },
            { "accountName": "staging", "accountId": "022222222222", "emailAddress": "" },
        ])
    );
    assert_eq!(found["roles"], json!([{ "roleName": "reader", "accountId": "111111111111" }]));
    for profile in ["reader", "old"] {
        assert_eq!(found["keys"][profile][0], "sso", "{found}");
        assert!(found["keys"][profile][1].as_str().unwrap().starts_with("ASIA"), "{found}");
    }
    // The token, and what is had by it, end with the session of the page.
    assert!((6000..=7200).contains(&found["expires_in"].as_u64().unwrap()), "{found}");
    assert!(found["lasts"].as_f64().unwrap() <= 7200.0, "{found}");

    let told = format!("{}{}", world.host.portcullis.log(), world.host.decisions());
    assert!(!told.contains("eyJ"), "a token is told");
    assert!(world.records(3).iter().any(|record| record["operation"] == "allow-program"));
}

/// A session that has ended before the program polls is not handed out.
#[test]
fn who_signs_out_signs_the_waiting_program_out() {
    let Some(tools) = Tools::needed() else { return };
    let world = World::start(&tools);
    let post = |path: &str, body: Value| {
        let answer = world.host.client.call("POST", &format!("/people/sso/{path}")).json(&body).send();
        (answer.status, serde_json::from_slice::<Value>(&answer.body).unwrap())
    };
    let (_, begun) = post("device_authorization", json!({}));
    let grant = json!({
        "grantType": "urn:ietf:params:oauth:grant-type:device_code", "deviceCode": begun["deviceCode"],
    });
    let mut alice = world.signed_in("alice");
    let csrf = world.csrf(&mut alice);
    let form = format!("user_code={}&csrf={csrf}", begun["userCode"].as_str().unwrap());
    assert_eq!(world.own(&mut alice, "/people/console/allow", &form).status, 200);
    assert_eq!(world.own(&mut alice, "/people/console/sign-out", &format!("csrf={csrf}")).status, 200);
    let (status, error) = post("token", grant);
    assert_eq!((status, &error["error"]), (400, &json!("expired_token")));
}
