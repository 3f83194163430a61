//! `portcullis barbican import` of a real Barbican 23: everything that its users can read is the same when it is read here.
//!
//! `PORTCULLIS_IMPORT` gives another number of secrets.

mod mariadb;
mod stock;

use super::host::{Host, PROGRAM};
use mariadb::MariaDb;
use portcullis_testing::barbican::KEK;
use portcullis_testing::{Barbican, Openstack, Portcullis, Postgres, Regime, Run, openstack};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// A Barbican with so many secrets.
fn filled(openstack: &Openstack, secrets: usize) -> Barbican {
    let barbican = Barbican::start(&openstack.tools, openstack.keystone, Regime::Default, "");
    stock::make(openstack, &barbican.key_manager, secrets);
    barbican
}

fn number() -> usize {
    std::env::var("PORTCULLIS_IMPORT").map_or(200, |number| number.parse().unwrap())
}

fn secret_file(file: &Path, text: &str) {
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

fn arguments<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let all = ["barbican", "import", "--config", "portcullis.toml", "--kek-file", "kek", "--from", url];
    [&all, more].concat()
}

/// Imports into the database of the configuration in that folder, with the KEK of the tests' Barbicans behind another one.
fn import(folder: &Path, url: &str, more: &[&str]) -> Run {
    secret_file(
        &folder.join("kek"),
        &format!("# two\nkek = AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nkek = {KEK}\n"),
    );
    Portcullis::run(PROGRAM, folder, &arguments(url, more))
}

fn url_of(barbican: &Barbican) -> String {
    // As in barbican.conf: SQLAlchemy's third slash, and that of the path.
    format!("sqlite:///{}", barbican.database().display())
}

/// Imported, there already, and left, of secrets, containers, orders and quotas.
fn counts(said: &str) -> [[u64; 3]; 4] {
    let report: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let count = |kind: &str, name: &str| report["counts"][kind][name].as_u64().unwrap();
    let of = |kind: &str| ["imported", "already_there", "left"].map(|name| count(kind, name));
    ["secrets", "containers", "orders", "quotas"].map(of)
}

#[track_caller]
fn assert_same(real: &BTreeMap<String, String>, ours: &BTreeMap<String, String>) {
    let missing = |path: &String| format!("{path}: {:?}\nhere: {:?}", real.get(path), ours.get(path));
    let wrong: Vec<_> =
        real.keys().chain(ours.keys()).filter(|path| real.get(*path) != ours.get(*path)).collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), real.len(), missing(wrong[0]));
}

#[test]
fn everything_of_a_real_barbican_reads_the_same_here() {
    let Some(openstack) = Openstack::needed() else { return };
    let barbican = filled(&openstack, number());
    let real = stock::everything(&openstack, &barbican.key_manager);
    let payloads =
        real.iter().filter(|(path, text)| path.ends_with("/payload") && text.starts_with("200")).count();
    assert!(payloads > number() / 2 && real.len() > 3 * number(), "{payloads} payloads in {}", real.len());

    // The host serves meanwhile.
    let host = Host::start(&openstack);
    let folder = host.portcullis.folder();
    let said = import(folder, &url_of(&barbican), &["--json"]).ok();
    let first = counts(&said);
    assert!(first.iter().all(|[imported, there, left]| *imported > 0 && [*there, *left] == [0, 0]), "{said}");
    assert_same(&real, &stock::everything(&openstack, &host.key_manager));

    // Again, nothing changes, and what was changed here is named and left.
    let again = counts(&import(folder, &url_of(&barbican), &["--json"]).ok());
    assert_eq!(again, first.map(|[imported, ..]| [0, imported, 0]));
    let own = openstack.keystone.token("owner_a");
    let list = host.key_manager.client.get("/v1/secrets?limit=1").token(&own).send().expect(200).json();
    let secret = list["secrets"][0]["secret_ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    host.key_manager.set_acl(&own, "PUT", &secret, &json!({ "users": ["new"] }));
    let third = import(folder, &url_of(&barbican), &[]);
    assert_eq!(third.status.code(), Some(1), "{}", third.stderr);
    let named = format!("left secret `{secret}`: it is here already and differs");
    assert!(third.stderr.contains(&named), "{}", third.stderr);
    assert!(
        third.stdout.starts_with(&format!("imported from `sqlite:{}`", barbican.database().display())),
        "{}",
        third.stdout
    );
    assert!(!third.stdout.contains(KEK) && !third.stderr.contains(KEK));
    assert_eq!(host.key_manager.acl(&own, &secret), json!([true, ["new"]]));
    println!("{} documents and {payloads} payloads are the same: {first:?}", real.len());
}

/// A configuration without a host.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = "[listen]\ndocker = []\n[store]\nurl = \"sqlite:p.db\"\nkey = { file = \"store.key\" }\n\
                  [barbican]\nlisten = [\"127.0.0.1:0\"]\ntokens = \"tokens.toml\"\n\
                  [[policies]]\nname = \"acl\"\nmodule = \"builtin:barbican-acl\"\n";
    fs::write(folder.path().join("portcullis.toml"), config).unwrap();
    folder
}

#[test]
fn an_import_that_is_killed_goes_on() {
    let Some(openstack) = Openstack::needed() else { return };
    let barbican = filled(&openstack, number().max(200));
    let url = url_of(&barbican);
    // A kill may come after the end, on a busy machine.
    for _ in 0..10 {
        let folder = folder();
        secret_file(&folder.path().join("kek"), KEK);
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments(&url, &[]))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let begun = lines.map(Result::unwrap).find(|line| line.contains("so far"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(begun.is_some());
        let said = counts(&import(folder.path(), &url, &["--json"]).ok());
        let again = counts(&import(folder.path(), &url, &["--json"]).ok());
        assert_eq!(again, said.map(|[imported, there, _]| [0, imported + there, 0]));
        if said[0][0] > 0 && said[0][1] > 0 {
            println!("{} secrets were there after a kill, {} came then", said[0][1], said[0][0]);
            return;
        }
    }
    panic!("it was never killed in the middle");
}

/// Barbican's database in another dialect.
fn converted(openstack: &Openstack, barbican: &Barbican, dialect: &str, folder: &Path) -> std::path::PathBuf {
    let mut command = Command::new(openstack.tools.program("python"));
    command.arg(openstack::script("convert.py")).arg(barbican.database()).arg(dialect);
    let file = folder.join("barbican.sql");
    fs::write(&file, Run::of(&command).ok()).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    file
}

#[test]
fn postgresql_and_mysql_are_read_as_sqlite_is() {
    let Some(openstack) = Openstack::needed() else { return };
    let (postgres, mariadb) = (Postgres::shared(), MariaDb::start());
    if postgres.is_none() && mariadb.is_none() {
        return;
    }
    let barbican = filled(&openstack, 60);
    let real = stock::everything(&openstack, &barbican.key_manager);
    if let Some(postgres) = postgres {
        let url = postgres.database();
        let name = url.split(['/', '?']).nth(3).unwrap();
        let host = Host::with_store(&openstack, &postgres.database());
        let statements = tempfile::Builder::new().prefix("barbican-").tempdir().unwrap();
        fs::set_permissions(statements.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let file = converted(&openstack, &barbican, "postgresql", statements.path());
        postgres.sql(name, &format!("\\i {}", file.display()));
        let said = import(host.portcullis.folder(), &url, &["--json"]).ok();
        assert!(counts(&said).iter().all(|[imported, _, left]| *imported > 0 && *left == 0), "{said}");
        assert_same(&real, &stock::everything(&openstack, &host.key_manager));
    }
    if let Some(mariadb) = mariadb {
        let host = Host::start(&openstack);
        let folder = host.portcullis.folder();
        let url = mariadb.database(&converted(&openstack, &barbican, "mysql", folder));
        assert!(import(folder, &url, &[]).refused().contains("Access denied"));
        secret_file(&folder.join("password"), "pw\n");
        let said = import(folder, &url, &["--json", "--password-file", "password"]).ok();
        assert!(counts(&said).iter().all(|[imported, _, left]| *imported > 0 && *left == 0), "{said}");
        // Its DATETIME has no fractions of a second.
        let seconds = |all: &BTreeMap<String, String>| -> BTreeMap<String, String> {
            all.iter().map(|(path, text)| (path.clone(), without_fractions(text))).collect()
        };
        assert_same(&seconds(&real), &seconds(&stock::everything(&openstack, &host.key_manager)));
    }
}

/// `.` and six digits before a quotation mark.
fn without_fractions(text: &str) -> String {
    let mut parts = text.split('.');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 6 && part[digits..].starts_with('"') {
            whole.push_str(&part[digits..]);
        } else {
            whole.push('.');
            whole.push_str(part);
        }
    }
    whole
}

/// Runs statements on Barbican's own database.
fn change(openstack: &Openstack, barbican: &Barbican, statements: &str) {
    let program =
        "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nc.executescript(sys.argv[2])\nc.commit()";
    let mut command = Command::new(openstack.tools.program("python"));
    Run::of(command.args(["-c", program]).arg(barbican.database()).arg(statements)).ok();
}

#[test]
fn what_cannot_be_imported_is_named_and_left() {
    let Some(openstack) = Openstack::needed() else { return };
    let barbican = Barbican::start(&openstack.tools, openstack.keystone, Regime::Default, "");
    let own = openstack.keystone.token("owner_a");
    let to = &barbican.key_manager;
    let secrets: Vec<_> = (0..5).map(|_| to.secret(&own)).collect();
    let reference = format!("http://{}/v1/secrets/{}", to.client.address(), secrets[0]);
    let references = json!([{ "name": "k", "secret_ref": reference }]);
    let container =
        to.create(&own, "container", &json!({ "name": "c", "type": "generic", "secret_refs": references }));
    let order = json!({ "type": "key", "meta": { "algorithm": "aes", "bit_length": 128 } });
    to.client.call("POST", "/v1/orders").token(&own).json(&order).send().expect(202);
    let plugin = "barbican.plugin.kmip_secret_store.KMIPSecretStore";
    change(
        &openstack,
        &barbican,
        &format!(
            "UPDATE secret_store_metadata SET value = '{plugin}' WHERE secret_id = '{}' AND key = 'plugin_name';
             UPDATE encrypted_data SET cypher_text = 'AAAA' WHERE secret_id = '{}';
             UPDATE secrets SET created_at = 'yesterday' WHERE id = '{}';
             UPDATE secrets SET expiration = '2001-01-01 00:00:00.000000' WHERE id = '{}';
             UPDATE orders SET status = 'PENDING';",
            secrets[0], secrets[1], secrets[2], secrets[3]
        ),
    );
    let folder = folder();
    let run = import(folder.path(), &url_of(&barbican), &[]);
    assert_eq!(run.status.code(), Some(1), "{}", run.stderr);
    for said in [
        format!("left secret `{}`: the plugin `{plugin}` holds its payload", secrets[0]),
        format!("left secret `{}`: its payload cannot be decrypted", secrets[1]),
        format!("left secret `{}`: its column `created_at` cannot be read", secrets[2]),
        format!("left container `{container}`: it holds the secret `{}`, which is not here", secrets[0]),
        "its status is `PENDING`".to_owned(),
    ] {
        assert!(run.stderr.contains(&said), "{said}\n{}", run.stderr);
    }
    // An expired one, one that is whole, and the one that was ordered.
    assert_eq!(counts(&import(folder.path(), &url_of(&barbican), &["--json"]).stdout)[0], [0, 3, 3]);

    secret_file(&folder.path().join("other"), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let url = url_of(&barbican);
    let other = ["barbican", "import", "--config", "portcullis.toml", "--kek-file", "other", "--from", &url];
    let refused = Portcullis::run(PROGRAM, folder.path(), &other).refused();
    assert!(refused.contains("none of the KEKs opens the KEK of any project"), "{refused}");
    fs::set_permissions(folder.path().join("other"), fs::Permissions::from_mode(0o644)).unwrap();
    let refused = Portcullis::run(PROGRAM, folder.path(), &other).refused();
    assert!(refused.contains("chmod 600"), "{refused}");
    for (url, why) in [
        ("sqlite:////nothing/barbican.sqlite", "unable to open database file"),
        ("oracle://u:hunter2@h/d", "a database is `sqlite:FILE`"),
        ("sqlite:p.db", "cannot read it as the database of a Barbican 22 or 23"),
    ] {
        let refused = import(folder.path(), url, &[]).refused();
        assert!(refused.contains(why) && !refused.contains("hunter2"), "{url}: {refused}");
    }
}
