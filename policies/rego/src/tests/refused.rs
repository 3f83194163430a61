//! Settings that are refused, before anything is decided.

use super::*;

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let allow = "package a\nallow if input.x";
    for (settings, expected) in [
        (json!({}), "there is no Rego: write it as `rego = \"...\"`, or name files in `settings_files"),
        (json!({"rego": allow, "querry": "data.a.allow"}), "unknown key: `querry`"),
        (json!({"rego": allow}), "no rule is asked: name one, e.g. `query = \"data.docker.authz.allow\"`"),
        (
            json!({"rego": allow, "query": "data.a.alow"}),
            "there is no rule or package `data.a.alow`; there are the packages `data.a`",
        ),
        (json!({"rego": allow, "query": "a.allow"}), "`a.allow` is no path of a rule or package"),
        (
            json!({"rego": allow, "query": {"docker": "data.a"}}),
            "a path like `data.docker.authz.allow`, or paths by hook",
        ),
        (
            json!({"rego": "package a\nx := 1", "query": "data.a"}),
            "the package `data.a` has none of the rules `deny`, `allow`",
        ),
        (json!({"rego": allow, "query": "data.a", "engine": "register"}), "`register` is not offered"),
        (
            json!({"rego": allow, "query": "data.a", "data": {"a": {"allow": 1}}}),
            "`data.a.allow` is there as data, and as a rule",
        ),
        (json!({"rego": allow, "query": "data.a", "data": {"a": 1}}), "`data.a` is a value, and the package"),
        (
            json!({"rego": allow, "files": {"policy.rego": allow}, "query": "data.a"}),
            "`files` has `policy.rego`",
        ),
        (json!({"rego": "package portcullis_asks\nallow if true", "query": "data.a"}), "is reserved"),
        (
            json!({"files": {"house.rego": "package a\n\nallow if {\n  input.x = = 1\n}"}, "query": "data.a"}),
            "\n--> house.rego:4:13\n  |\n4 |   input.x = = 1\n  |             ^\nerror: expecting expression",
        ),
        (
            json!({"rego": "package a\n\nallow if http.send({\"url\": \"x\"}).status_code == 200", "query": "data.a"}),
            "\n--> policy.rego:3:10\n  |\n3 | allow if http.send({\"url\": \"x\"}).status_code == 200\n  |          ^\nerror: there is no function `http.send`",
        ),
        (json!({"rego": "package a\nallow if y == input.x", "query": "data.a"}), "policy.rego:2:10"),
        (
            json!({"rego": "package a\nallow if f(1)\nf(x) if g(x)", "query": "data.a"}),
            "there is no function `g`",
        ),
    ] {
        let error = configured(&settings).err().unwrap_or_default();
        assert!(error.contains(expected), "{settings}: {error}");
    }
}

#[test]
fn functions_of_files_imports_and_regorus_are_known() {
    let settings = json!({
        "files": {
            "lib/net.rego": "package lib.net\nprivate(ip) if net.cidr_contains(\"10.0.0.0/8\", ip)",
            "a.rego": "package a\nimport data.lib.net as own\nimport data.lib.net\nallow if {\n own.private(\"10.1.1.1\")\n \
                       net.private(\"10.1.1.1\")\n data.lib.net.private(\"10.1.1.1\")\n twice(1) == 2\n count([1 | true]) == 1\n \
                       print(\"seen\")\n every x in [1] { x > 0 }\n}\ntwice(x) := x * 2",
        },
        "query": "data.a"
    });
    let policy = configured(&settings).unwrap();
    assert_eq!(ask(&policy, &docker::Request::default()).unwrap().verdict, Verdict::Allow);
}

/// As the README lists them.
#[test]
fn the_functions_are_those_that_are_documented() {
    let is_there = |name: &str| {
        let rego = format!("package a\nallow if {name}()");
        let error = configured(&json!({"rego": rego, "query": "data.a"})).err().unwrap_or_default();
        !error.contains(&format!("there is no function `{name}`"))
    };
    let there = "count sum max product sort array.concat array.slice bits.and to_number base64.encode base64url.decode \
                 hex.encode json.marshal json.unmarshal json.filter json.patch glob.match graph.reachable walk \
                 net.cidr_contains abs round numbers.range object.get object.union regex.match regex.find_n semver.compare \
                 intersection union concat sprintf startswith strings.count split trim is_string type_name units.parse \
                 units.parse_bytes print time.now_ns time.parse_rfc3339_ns time.clock time.weekday crypto.sha256 crypto.md5 \
                 crypto.hmac.sha512 crypto.hmac.equal urlquery.encode urlquery.decode_object yaml.unmarshal array.flatten \
                 net.cidr_merge net.cidr_intersects net.cidr_contains_matches json.is_valid";
    for name in there.split_whitespace() {
        assert!(is_there(name), "{name}");
    }
    let not_there = "http.send uuid.rfc4122 io.jwt.decode crypto.x509.parse_certificates graphql.parse \
                     json.match_schema strings.render_template regex.globs_match net.lookup_ip_addr providers.aws.sign_req rego.metadata.rule opa.runtime";
    for name in not_there.split_whitespace() {
        assert!(!is_there(name), "{name}");
    }
}

/// regorus reads both, and then finds them undefined: a rule that denies by them would not deny.
#[test]
fn what_would_silently_be_undefined_is_refused() {
    for (rego, expected) in [
        (
            "package a\ndefault f[\"if\"](_) := 1\nallow if f.if(1) == 1",
            "policy.rego:2:1\n  |\n2 | default f[\"if\"](_) := 1",
        ),
        ("package a\nallow if {\n  [path, value] := walk(input)\n  value == 1\n}", "policy.rego:3:"),
    ] {
        let error = configured(&json!({"rego": rego, "query": "data.a"})).err().unwrap_or_default();
        assert!(error.contains(expected), "{error}");
    }
    let fine = "package a\ndefault f.g(_) := 1\nallow if { walk(input, [_, value]); value == f.g(1) }";
    assert!(configured(&json!({"rego": fine, "query": "data.a"})).is_ok());
}
