//! No secret in any record or log, at the most talkative level, however a call ends.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::boto::{BASIC, PASSWORDS};
use super::host::{Host, OWN_SECRET, PREFIX, Setup};
use portcullis_testing::fake_sign_in::{self, SIGN_IN_TOKEN};
use portcullis_testing::fake_sts::{Mood, SECRET, TOKEN};
use portcullis_testing::openstack::client::Call;

const MOUNTS: &str = r#"
[[federation.mounts]]
prefix = "/afp-api/latest"
identity = { password_file = "FOLDER/passwords" }
policies = ["people"]
accounts = { production = "111111111111" }
[[federation.mounts]]
prefix = "/m"
identity = { address = true }
metadata = true
policies = ["people"]
accounts = { production = "111111111111" }
[[federation.mounts]]
prefix = "/tokens"
identity = { jwt = { issuer = "https://issuer.example", audience = "portcullis", jwks = "FOLDER/jwks.json" } }
policies = ["people"]
accounts = { production = "111111111111" }
[[federation.mounts]]
prefix = "/directory"
identity = { header = "X-Remote-User", trusted = ["127.0.0.1"], groups = { ldap = { url = "ldap://DIRECTORY", user_base = "dc=example", group_base = "dc=example", bind_dn = "cn=us", bind_password = { file = "FOLDER/bind-password" } } } }
policies = ["people"]
accounts = { production = "111111111111" }
[[policies]]
name = "people"
module = "builtin:aws-roles"
settings = { single = { account = "production", role = "reader", external_id = "OurExternalId", session_policy = { Version = "2012-10-17", Statement = [] } } }
"#;
/// The key of RFC 8037, appendix A, and a token that was not signed by it.
const KEYS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
const FORGED: &str = "eyJhbGciOiJFZERTQSIsImtpZCI6ImsifQ.eyJzdWIiOiJmb3JnZWQifQ.Zm9yZ2VkLXNpZ25hdHVyZQ";
const BIND_PASSWORD: &str = "BindPasswordOfTheDirectory";
/// What a user sent who mistyped it.
const MISTYPED: &str = "PASSWORD-mistyped";

/// Everything that is asked, once.
fn ask(host: &Host) -> Vec<u16> {
    let as_alice = |call: Call| call.header("Authorization", BASIC).send().status;
    let get = |path: &str| as_alice(host.client.get(&format!("{PREFIX}{path}")));
    let mut statuses: Vec<_> = [
        "/account",
        "/account/production/reader",
        "/account/production/reader/credentials",
        "/account/production/reader/consoleurl?callbackurl=https://afp.example/",
        "/account/production/admin",
        "/console",
    ]
    .map(get)
    .into();
    for form in ["open", "credentials"] {
        let call = host.client.call("POST", &format!("{PREFIX}/console/{form}"));
        let call = call.header("Sec-Fetch-Site", "same-origin").header("Origin", host.url());
        let call = call.header("Content-Type", "application/x-www-form-urlencoded");
        statuses.push(as_alice(call.body("account=production&role=reader&format=shell")));
    }
    let mistyped = format!("Basic {}", STANDARD.encode(format!("alice:{MISTYPED}")));
    let wrong = host.client.get(&format!("{PREFIX}/account")).header("Authorization", mistyped);
    statuses.push(wrong.send().status);
    let token =
        host.client.call("PUT", "/m/latest/api/token").header("X-aws-ec2-metadata-token-ttl-seconds", "60");
    let token = token.send().text();
    for role in ["", "reader"] {
        let path = format!("/m/latest/meta-data/iam/security-credentials/{role}");
        statuses.push(host.client.get(&path).header("X-aws-ec2-metadata-token", &*token).send().status);
    }
    let token = host.client.get("/tokens/account").header("Authorization", format!("Bearer {FORGED}"));
    statuses.push(token.send().status);
    statuses.push(host.client.get("/directory/account").header("X-Remote-User", "alice").send().status);
    statuses
}

/// A directory that reads what it is sent and hangs up.
fn directory() -> std::net::SocketAddr {
    use std::io::Read as _;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 512]);
        }
    });
    address
}

#[test]
fn a_secret_is_nowhere() {
    let mounts = MOUNTS.replace("DIRECTORY", &directory().to_string());
    let setup = Setup::new().talkative().file("passwords", PASSWORDS).file("jwks.json", KEYS);
    let mut host = setup.file("bind-password", BIND_PASSWORD).start(&mounts);
    assert_eq!(ask(&host), [200, 200, 200, 200, 403, 200, 200, 200, 401, 200, 200, 401, 503]);
    // The ways on which things are quoted: what STS says of a signature, and URLs that cannot be reached.
    for mood in [
        Mood::Error(403, "SignatureDoesNotMatch", "The Canonical String: FAKE/SECRET+"),
        Mood::Garbage(200, format!("<html>{SECRET}{TOKEN}")),
        Mood::Without("Expiration"),
        Mood::ExpiresIn(-5),
    ] {
        host.sts.be(mood);
        // A session of its own, so that it is not in the cache.
        host.set(&mounts.replace("OurExternalId", &format!("OurExternalId{}", host.sts.count())));
        assert!(ask(&host).contains(&502));
    }
    host.sts.be(Mood::Ok);
    for mood in [
        fake_sign_in::Mood::Answer(200, format!("{{\"SigninTokn\":\"{SIGN_IN_TOKEN}\"}}")),
        fake_sign_in::Mood::Answer(400, format!("{SECRET}{TOKEN}")),
        fake_sign_in::Mood::Redirect(format!("http://127.0.0.1:1/?{TOKEN}")),
    ] {
        host.sign_in.be(mood);
        ask(&host);
    }
    assert!(host.portcullis.terminate().success());

    let (log, records) = (host.portcullis.log(), host.decisions());
    assert!(log.contains("TRACE") && log.contains("DEBUG"), "the log is not talkative: {log}");
    assert!(records.lines().count() > 50, "{records}");
    let planted = [
        SECRET,
        TOKEN,
        SIGN_IN_TOKEN,
        OWN_SECRET,
        "PASSWORD",
        "alice:PASS",
        MISTYPED,
        PASSWORDS.trim(),
        "OurExternalId",
        FORGED.rsplit('.').next().unwrap(),
        BIND_PASSWORD,
    ];
    for secret in planted {
        let quoted: String = form_urlencode(secret);
        // Its last digits depend on what follows it.
        let encoded = STANDARD.encode(secret);
        for shape in [secret, &quoted, encoded.trim_end_matches('=').split_at(encoded.len() / 4 * 3).0] {
            for (name, text) in [("log", &log), ("records", &records)] {
                let found = text.lines().find(|line| line.contains(shape));
                assert_eq!(found, None, "`{shape}` is in the {name}");
            }
        }
    }
}

fn form_urlencode(text: &str) -> String {
    let quote = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(quote).collect()
}
