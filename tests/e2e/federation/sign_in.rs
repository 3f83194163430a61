//! Sign-in on the page at an OpenID provider that is another site, without a browser: each response is followed by hand. How a
//! browser goes about it is `page.rs`.

use serde_json::Value;

use super::host::{Host, PROGRAM, Setup};
use super::provider::Provider;
use portcullis_testing::Run;
use portcullis_testing::aws_tools::Tools;
use portcullis_testing::openstack::client::Answer;

const CLIENT: &str = "portcullis";
const SECRET: &str = "a secret/with + and %";

const MOUNT: &str = r#"
[[federation.mounts]]
prefix = "/people"
identity = { jwt = { issuer = "ISSUER", audience = ["the-client", "portcullis"], jwks = "ISSUER/jwks", groups_claim = "groups" } }
policies = ["people"]
accounts = { production = "111111111111", staging = "022222222222" }
SIGN_IN
[[policies]]
name = "people"
module = "builtin:aws-roles"
settings = { groups = [{ pattern = "aws-(?P<account>[^-]+)-(?P<role>.+)" }] }
"#;

pub(super) struct World {
    pub(super) host: Host,
    pub(super) provider: Provider,
    /// The mount with sign-in.
    mount: String,
    _home: tempfile::TempDir,
}

/// What one browser holds: cookies by name.
#[derive(Default, Clone)]
pub(super) struct Browser(Vec<(String, String)>);

impl World {
    #[track_caller]
    pub(super) fn start(tools: &Tools) -> Self {
        let home = tempfile::tempdir().unwrap();
        let provider = Provider::of_another_site(tools, home.path(), 7200);
        let without = MOUNT.replace("ISSUER", &provider.issuer);
        let setup = Setup::new().file("client-secret", SECRET).talkative();
        // The port is known once it is bound.
        let mut host = setup.start(&without.replace("SIGN_IN", ""));
        let url = format!("{}/people/console", host.url());
        provider.tell(
            "register",
            &[
                ("client", CLIENT),
                ("secret", SECRET),
                ("redirect_uri", &format!("{url}/callback")),
                ("logout_uri", &format!("{url}/signed-out")),
            ],
        );
        let sign_in = format!(
            "[federation.mounts.sign_in]\nclient_id = \"{CLIENT}\"\nclient_secret = {{ file = \"FOLDER/client-secret\" }}\n\
             redirect_uri = \"{url}/callback\"\nscopes = [\"openid\", \"profile\"]"
        );
        let mount = without.replace("SIGN_IN", &sign_in);
        host.set(&mount);
        Self { host, provider, mount, _home: home }
    }

    pub(super) fn get(&self, browser: &mut Browser, path: &str) -> Answer {
        self.get_with(browser, path, &[])
    }

    fn get_with(&self, browser: &mut Browser, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut call = self.host.client.get(path);
        for (name, value) in headers {
            call = call.header(name, *value);
        }
        browser.keep(call.header("Cookie", browser.header()).send())
    }

    /// A form of the page.
    pub(super) fn post(
        &self,
        browser: &mut Browser,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let call = self.host.client.call("POST", path).body(body);
        let mut call = call.header("Content-Type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            call = call.header(name, *value);
        }
        browser.keep(call.header("Cookie", browser.header()).send())
    }

    /// A form as the page itself sends it.
    pub(super) fn own(&self, browser: &mut Browser, path: &str, body: &str) -> Answer {
        self.post(browser, path, body, &[("Sec-Fetch-Site", "same-origin")])
    }

    /// The way to the provider and back, up to the URL of the callback.
    #[track_caller]
    pub(super) fn callback(&self, browser: &mut Browser, query: &str, user: &str) -> String {
        let begun = self.get(browser, &format!("/people/console/sign-in{query}"));
        assert_eq!(begun.status, 303, "{}", begun.text());
        let url = format!("{}&user={user}", location(&begun));
        let mut curl = std::process::Command::new("curl");
        curl.args(["--silent", "--show-error", "--output", "/dev/null", "--write-out", "%{redirect_url}"]);
        let back = Run::of(curl.arg(url)).ok();
        let origin = self.host.url();
        back.strip_prefix(&origin).unwrap_or_else(|| panic!("{back} is not at {origin}")).to_owned()
    }

    #[track_caller]
    pub(super) fn signed_in(&self, user: &str) -> Browser {
        let mut browser = Browser::default();
        let callback = self.callback(&mut browser, "", user);
        let answer = self.get(&mut browser, &callback);
        assert_eq!((answer.status, location(&answer)), (303, "../console"), "{}", answer.text());
        browser
    }

    #[track_caller]
    pub(super) fn csrf(&self, browser: &mut Browser) -> String {
        let page = self.get(browser, "/people/console");
        assert_eq!(page.status, 200, "{}", page.text());
        between(&page.text(), "name=\"csrf\" value=\"", "\"").to_owned()
    }

    /// Records of kind `authentication`.
    pub(super) fn records(&self, count: usize) -> Vec<Value> {
        let records = self.host.records(0).into_iter();
        let found: Vec<_> = records.filter(|record| record["kind"] == "authentication").collect();
        if found.len() < count { self.records(count) } else { found }
    }
}

impl Browser {
    fn header(&self) -> String {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        for (_, set) in answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.0.retain(|(known, _)| known != name);
            if !set.contains("Max-Age=0;") {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let found = answer.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

#[track_caller]
pub(super) fn location(answer: &Answer) -> &str {
    header(answer, "location").unwrap_or_else(|| panic!("{} {}", answer.status, answer.text()))
}

#[track_caller]
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split(after).next().unwrap()
}

const FORM: &str = "account=production&role=reader&format=shell";

#[test]
fn a_user_signs_in_uses_the_page_and_signs_out() {
    let Some(tools) = Tools::needed() else { return };
    let mut world = World::start(&tools);
    let mut browser = Browser::default();
    let page = world.get(&mut browser, "/people/console?q=production+reader&region=x&code=evil");
    assert_eq!(page.status, 401);
    let text = page.text();
    assert!(text.contains(r#"href="console/sign-in?q=production+reader&amp;region=x""#), "{text}");
    assert!(!text.contains("<form"), "{text}");

    // The redirect URI is the configured one, regardless of the name that the host was called by.
    let query = "?q=production+reader&return=https%3A%2F%2Fevil.example&page=%2F%2Fevil.example";
    let evil = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example")];
    let begun = world.get_with(&mut Browser::default(), &format!("/people/console/sign-in{query}"), &evil);
    let url = location(&begun);
    let redirect =
        format!("{}/people/console/callback", world.host.url()).replace(':', "%3A").replace('/', "%2F");
    assert!(url.contains(&format!("redirect_uri={redirect}&")) || url.ends_with(&redirect), "{url}");
    assert!(url.contains("scope=openid+profile") && url.contains("code_challenge_method=S256"), "{url}");
    let cookie = header(&begun, "set-cookie").unwrap();
    assert!(cookie.starts_with("portcullis-sign-in-"), "{cookie}");
    assert!(cookie.ends_with("; Max-Age=600; Path=/people/console; HttpOnly; SameSite=Lax"), "{cookie}");

    let callback = world.callback(&mut browser, query, "alice");
    let answer = world.get(&mut browser, &callback);
    assert_eq!((answer.status, location(&answer)), (303, "../console?q=production+reader"));
    assert_eq!(header(&answer, "referrer-policy"), Some("no-referrer"));
    let cookies: Vec<_> =
        answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")).collect();
    let session = &cookies.iter().find(|(_, value)| value.starts_with("portcullis-session-")).unwrap().1;
    assert!(session.ends_with("; Path=/people/console; HttpOnly; SameSite=Lax"), "{session}");
    // As long as the token.
    let lasts: u64 = between(session, "Max-Age=", ";").parse().unwrap();
    assert!((7000..=7200).contains(&lasts), "{session}");
    assert_eq!(browser.0.len(), 1, "the cookie of the sign-in is gone");

    let page = world.get(&mut browser, "/people/console");
    assert_eq!((page.status, header(&page, "x-username")), (200, Some("alice")));
    let csrf = world.csrf(&mut browser);
    for (path, body) in [
        ("/people/console/credentials", FORM),
        ("/people/console/open", FORM),
        ("/people/console/sign-out", ""),
    ] {
        let with = format!("{body}&csrf={csrf}");
        for (body, headers, what) in [
            (body.to_owned(), &[("Sec-Fetch-Site", "same-origin")][..], "no token"),
            (format!("{body}&csrf=x"), &[("Sec-Fetch-Site", "same-origin")], "another token"),
            (format!("{with}&csrf={csrf}"), &[("Sec-Fetch-Site", "same-origin")], "two tokens"),
            (with.clone(), &[("Sec-Fetch-Site", "cross-site")], "another site"),
            (with.clone(), &[("Sec-Fetch-Site", "same-site")], "another host of the site"),
            (with.clone(), &[("Origin", "https://evil.example")], "another origin"),
            (with.clone(), &[("Origin", "null")], "a sandboxed frame"),
            (with.clone(), &[], "no word of the origin"),
        ] {
            let answer = world.post(&mut browser, path, &body, headers);
            assert_eq!(answer.status, 403, "{path}: {what}: {}", answer.text());
        }
    }
    let keys = world.own(&mut browser, "/people/console/credentials", &format!("{FORM}&csrf={csrf}"));
    assert!(keys.status == 200 && keys.text().contains("AWS_SESSION_TOKEN"), "{}", keys.text());

    // The cookie is good for the page alone, and a program's own proof goes first.
    for path in ["/people/account", "/people/account/production/reader/credentials"] {
        assert_eq!(world.get(&mut browser, path).status, 401, "{path}");
    }
    let other = [("Authorization", "Bearer x.y.z")];
    assert_eq!(world.get_with(&mut browser, "/people/console", &other).status, 401);
    let bearer = world.provider.token(r#"{"groups": ["aws-staging-admin"]}"#);
    let program = world.host.client.get("/people/account").header("Authorization", bearer).send();
    assert_eq!(program.text(), r#"{"staging":["admin"]}"#);

    // A reload keeps the session.
    let mount = world.mount.clone();
    world.host.set(&mount);
    assert_eq!(world.csrf(&mut browser), csrf);

    // A form of another site comes without the cookie, which its response must not remove.
    let elsewhere = world.post(
        &mut Browser::default(),
        "/people/console/sign-out",
        "",
        &[("Sec-Fetch-Site", "cross-site")],
    );
    assert_eq!((elsewhere.status, header(&elsewhere, "set-cookie")), (403, None));
    let before = browser.clone();
    let out = world.own(&mut browser, "/people/console/sign-out", &format!("csrf={csrf}"));
    assert_eq!(out.status, 200, "{}", out.text());
    let end = format!("{}/end?client_id={CLIENT}&amp;post_logout_redirect_uri=", world.provider.issuer);
    assert!(out.text().contains(&end) && !out.text().contains("id_token_hint"), "{}", out.text());
    assert!(browser.0.is_empty(), "the cookie is removed");
    for browser in [&mut browser, &mut before.clone()] {
        assert_eq!(world.get(browser, "/people/console").status, 401);
        let answer = world.own(browser, "/people/console/credentials", &format!("{FORM}&csrf={csrf}"));
        assert!(
            answer.status == 401 && answer.text().contains("Your session has ended"),
            "{}",
            answer.text()
        );
    }
    assert_eq!(world.get(&mut browser, "/people/console/signed-out").status, 200);

    let records = world.records(2);
    let seen: Vec<_> = records
        .iter()
        .map(|record| {
            let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
            (
                text("operation"),
                text("verdict"),
                record["principal"]["name"].as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let of_alice = |operation: &str| (operation.to_owned(), "allow".to_owned(), "alice".to_owned());
    assert_eq!(seen, [of_alice("sign-in"), of_alice("sign-out")]);

    // Neither log nor records have a secret, though all is logged.
    let told = format!("{}{}", world.host.portcullis.log(), world.host.decisions());
    assert!(told.contains("sign-in"), "{told}");
    let session = &before.0[0].1;
    for secret in [SECRET, session, &csrf, "eyJ"] {
        assert!(!told.contains(secret), "{secret} is told");
    }
}

#[test]
fn a_sign_in_belongs_to_the_browser_that_began_it() {
    let Some(tools) = Tools::needed() else { return };
    let world = World::start(&tools);
    let (mut alice, mut mallory) = (Browser::default(), Browser::default());
    let of_mallory = world.callback(&mut mallory, "", "mallory");
    let of_alice = world.callback(&mut alice, "", "alice");
    let refused = |browser: &mut Browser, path: &str, status: u16, part: &str| {
        let answer = world.get(browser, path);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert!(answer.text().contains(part), "{path}: {}", answer.text());
        // What any site can make up does not end a sign-in that is under way.
        assert_eq!(header(&answer, "set-cookie").is_none(), status == 400, "{path}");
        assert!(!browser.0.iter().any(|(name, _)| name.contains("session")), "{path}: {}", browser.header());
    };
    let not_begun = "this sign-in was not begun in this browser";
    // Mallory's code, brought to alice's browser; alice's own without her cookie; texts that a link makes up.
    refused(&mut alice.clone(), &of_mallory, 400, not_begun);
    refused(&mut Browser::default(), &of_alice, 400, not_begun);
    let state = between(&of_alice, "state=", "&").to_owned();
    refused(&mut alice.clone(), "/people/console/callback?code=x", 400, not_begun);
    refused(&mut alice.clone(), &format!("{of_alice}&state={state}"), 400, not_begun);
    let made_up =
        world.get(&mut alice.clone(), "/people/console/callback?error=x&error_description=Call+0800");
    assert!(made_up.status == 400 && !made_up.text().contains("0800"), "{}", made_up.text());
    // A code that the provider never gave, another one's issuer.
    refused(&mut alice.clone(), &format!("/people/console/callback?code=x&state={state}"), 502, "`iss`");
    let iss = format!("iss={}", world.provider.issuer);
    let path = format!("/people/console/callback?code=x&state={state}&{iss}");
    refused(&mut alice.clone(), &path, 403, "`invalid_grant`, &quot;the provider says why&quot;");

    // A sign-in leads to one exchange at the provider, and the right one is good once.
    refused(&mut alice.clone(), &of_alice, 400, "it has ended already");
    let of_alice = world.callback(&mut alice, "", "alice");
    let again = alice.clone();
    assert_eq!(world.get(&mut alice, &of_alice).status, 303);
    refused(&mut again.clone(), &of_alice, 400, "it has ended already");
    // Tabs have cookies of their own, of which the oldest make room.
    let mut tabs = Browser::default();
    let callbacks: Vec<_> = (0..5).map(|_| world.callback(&mut tabs, "", "alice")).collect();
    assert_eq!(tabs.0.len(), 4, "{}", tabs.header());
    assert_eq!(world.get(&mut tabs, callbacks.last().unwrap()).status, 303);
    assert_eq!(tabs.0.len(), 4, "a session and three sign-ins: {}", tabs.header());
    // One record stands for all failures of this address within a minute.
    let failed: Vec<_> =
        world.records(2).into_iter().filter(|record| record["rule"] == "host:sign-in-failed").collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0]["reason"].as_str().unwrap().contains("not begun in this browser"), "{failed:?}");
}

#[test]
fn what_the_provider_says_is_told_and_tokens_of_others_are_refused() {
    let Some(tools) = Tools::needed() else { return };
    let mut world = World::start(&tools);
    for (with, status, part) in [
        (
            r#"{"error": "access_denied", "error_description": "alice is <b>locked</b>"}"#,
            403,
            "`access_denied`, &quot;alice is &lt;b&gt;locked&lt;/b&gt;&quot;",
        ),
        (r#"{"token_error": "invalid_client"}"#, 403, "`invalid_client`"),
        (r#"{"iss": "https://other.example"}"#, 502, "another provider has responded"),
        (r#"{"claims": {"nonce": "another"}}"#, 401, "it is for another sign-in"),
        (r#"{"claims": {"aud": "the-client"}}"#, 401, "it is for another client"),
        (
            r#"{"claims": {"aud": ["portcullis", "the-client"], "azp": "the-client"}}"#,
            401,
            "it is for another client",
        ),
        (r#"{"claims": {"iss": "https://other.example"}}"#, 401, "it is of another issuer"),
        (r#"{"claims": {"exp": 1}}"#, 401, "it has expired"),
        // The mount's own check: a name that is none.
        (r#"{"claims": {"sub": ""}}"#, 401, "this mount does not accept its token for you"),
    ] {
        world.provider.tell("next", &[("with", with)]);
        let mut browser = Browser::default();
        let callback = world.callback(&mut browser, "", "alice");
        let answer = world.get(&mut browser, &callback);
        assert_eq!(answer.status, status, "{with}: {}", answer.text());
        assert!(answer.text().contains(part), "{with}: {}", answer.text());
        assert!(browser.0.is_empty(), "{with}: {}", browser.header());
        assert_eq!(header(&answer, "referrer-policy"), Some("no-referrer"), "{with}");
    }
    // Each user has a session of their own, and a second sign-in ends the first of a browser.
    let (mut alice, mut carol) = (world.signed_in("alice"), world.signed_in("carol"));
    assert_ne!(world.csrf(&mut alice), world.csrf(&mut carol));
    let form = format!("{FORM}&csrf={}", world.csrf(&mut alice));
    assert_eq!(world.own(&mut carol, "/people/console/credentials", &form).status, 403);
    let first = alice.clone();
    let callback = world.callback(&mut alice, "?page=requests", "carol");
    assert_eq!(location(&world.get(&mut alice, &callback)), "requests");
    assert_eq!(world.get(&mut first.clone(), "/people/console").status, 401);

    // A client that is another one has no sessions, and a mount without sign-in none of its routes.
    let mount = world.mount.replace("[\"openid\", \"profile\"]", "[\"openid\"]");
    world.host.set(&mount);
    assert_eq!(world.get(&mut carol, "/people/console").status, 401);
    world.host.set(&MOUNT.replace("ISSUER", &world.provider.issuer).replace("SIGN_IN", ""));
    for path in ["sign-in", "callback", "signed-out"] {
        assert_eq!(world.get(&mut carol, &format!("/people/console/{path}")).status, 404, "{path}");
    }
    let mount = world.mount.clone();
    world.host.set(&mount);
    let begun = world.get(&mut carol, "/people/console/sign-in");
    assert_eq!(begun.status, 303);
    drop(world.provider);
    // What was discovered is kept; a code cannot be exchanged.
    let state = between(location(&begun), "state=", "&").to_owned();
    let path = format!("/people/console/callback?code=x&state={state}&iss=");
    let answer = world.host.client.get(&path).header("Cookie", carol.header()).send();
    assert_eq!(answer.status, 502, "{}", answer.text());
}

#[test]
fn a_provider_that_is_away_is_told_and_signs_no_user_in() {
    let mount = MOUNT.replace("ISSUER", "http://localhost:1").replace(
        "SIGN_IN",
        "[federation.mounts.sign_in]\nclient_id = \"portcullis\"\nredirect_uri = \"https://aws.example.org/people/console/callback\"",
    );
    let host = Host::start(&mount);
    assert_eq!(host.client.get("/people/console").send().status, 401);
    let answer = host.client.get("/people/console/sign-in").send();
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.text().contains("the OpenID provider does not respond"), "{}", answer.text());
    let log = host.portcullis.log();
    assert!(log.contains("the OpenID provider of sign-in cannot be asked"), "{log}");
}

#[test]
fn a_sign_in_that_could_not_work_is_refused_at_the_start() {
    let jwt = "issuer = \"https://login.example\", audience = \"portcullis\", jwks = \"https://login.example/jwks\"";
    let other = "issuer = \"https://other.example\", audience = \"x\", jwks = \"https://other.example/jwks\", user_prefix = \"o:\"";
    let one = format!("{{ jwt = {{ {jwt} }} }}");
    let two = format!("{{ jwt = [{{ {jwt} }}, {{ {other} }}] }}");
    let good = "client_id = \"portcullis\"\nredirect_uri = \"https://aws.example/console/callback\"\n";
    for (identity, further, sign_in, part) in [
        ("{ address = true }", "", good.to_owned(), "takes tokens of an OpenID provider"),
        (&*one, "", good.replace("portcullis", "other"), "`other` is no `audience`"),
        (&two, "", good.to_owned(), "several issuers"),
        (&two, "", format!("{good}issuer = \"https://third.example\""), "no `issuer` of this mount's `jwt`"),
        (&one, "metadata = true\n", good.to_owned(), "closed to browsers"),
        (
            &one,
            "",
            good.replace("https://aws", "http://aws"),
            "`redirect_uri` of `sign_in`: it must begin with `https://`",
        ),
        (&one, "", good.replace("/callback", "/back"), "it must be the mount's URL and `/console/callback`"),
        (
            &one,
            "",
            good.replace("/callback", "/callback?x=y"),
            "it must be the mount's URL and `/console/callback`",
        ),
        (&one, "", format!("{good}scopes = [\"email\"]"), "`openid` must be among them"),
        (
            &one,
            "",
            format!("{good}client_secret = \"hunter2\""),
            "a secret does not stand in the configuration",
        ),
        (&one, "", format!("{good}secret = \"x\""), "unknown key `secret`"),
    ] {
        let file = tempfile::tempdir().unwrap();
        let path = file.path().join("portcullis.toml");
        let mount = format!(
            "[[federation.mounts]]\nidentity = {identity}\npolicies = [\"people\"]\n{further}\
             [federation.mounts.sign_in]\n{sign_in}\n[[policies]]\nname = \"people\"\nmodule = \"builtin:aws-roles\"\n"
        );
        std::fs::write(&path, mount).unwrap();
        let mut command = std::process::Command::new(PROGRAM);
        let error = Run::of(command.arg("check").arg("--config").arg(&path)).refused();
        assert!(error.contains(part) && !error.contains("hunter2"), "{identity} {sign_in}: {error}");
    }
}
