//! Rows that a Barbican can have, and rows that none has.

use super::*;

const ID: &str = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";
const TIME: &str = "2026-01-02 03:04:05.678901";
const KEK: &str = "dGhpcnR5X3R3b19ieXRlX2tleWJsYWhibGFoYmxhaGg=";

fn row(values: &[&str]) -> TextRow {
    values.iter().map(|value| (*value != "-").then(|| (*value).to_owned())).collect()
}

fn no_rows() -> SecretRows {
    let attached =
        || AttachedRows { acls: Owned::default(), users: Owned::default(), consumers: Owned::default() };
    SecretRows {
        attached: attached(),
        store_metadata: Owned::default(),
        payloads: Owned::default(),
        metadata: Owned::default(),
    }
}

fn secret_row() -> TextRow {
    row(&[ID, "-", "p1", "u1", "opaque", "-", "128", "-", "ACTIVE", "-", TIME, TIME])
}

fn read(row: &TextRow, of: &SecretRows) -> Result<ImportSecret, Reason> {
    secret(row, of, &Keks::parse(KEK).unwrap())
}

#[test]
fn a_secret_without_a_payload_is_one() {
    let read = read(&secret_row(), &no_rows()).ok().unwrap();
    assert_eq!((read.secret.bit_length, read.secret.content_type, read.payload), (Some(128), None, None));
    assert_eq!(read.secret.created.micros(), isotime::parse("2026-01-02T03:04:05.678901").unwrap());
}

#[test]
fn what_no_barbican_has_is_left() {
    for (column, value, reason) in [
        (0, "0A1B2C3D-4E5F-4A6B-8C7D-9E0F1A2B3C4D", Reason::Column("id")),
        (0, "x", Reason::Column("id")),
        (1, "a\0b", Reason::Column("name")),
        (2, "-", Reason::NoProject),
        (4, "-", Reason::Column("secret_type")),
        (6, "many", Reason::Column("bit_length")),
        (9, "infinity", Reason::Column("expiration")),
        (10, "-", Reason::Column("created_at")),
    ] {
        let mut wrong = secret_row();
        wrong[column] = row(&[value]).remove(0);
        assert_eq!(read(&wrong, &no_rows()).err(), Some(reason), "{column}: {value:?}");
    }
    assert_eq!(read(&row(&[ID]), &no_rows()).err(), Some(Reason::Column("name")));
}

#[test]
fn a_payload_of_another_plugin_is_left_and_the_plugin_named() {
    let kmip = "barbican.plugin.kmip_secret_store.KMIPSecretStore";
    let p11 = "barbican.plugin.crypto.p11_crypto.P11CryptoPlugin";
    let mut of = no_rows();
    of.store_metadata = by_owner(vec![row(&[ID, "plugin_name", kmip])]);
    assert_eq!(read(&secret_row(), &of).err(), Some(Reason::OtherPlugin(kmip.into())));
    of.store_metadata = by_owner(vec![row(&[ID, "plugin_name", STORE_CRYPTO])]);
    assert_eq!(read(&secret_row(), &of).err(), Some(Reason::NoPayload));
    of.payloads = by_owner(vec![row(&[ID, "text/plain", "x", p11, "x"])]);
    assert_eq!(read(&secret_row(), &of).err(), Some(Reason::OtherPlugin(p11.into())));
    of.payloads = by_owner(vec![row(&[ID, "text/plain", "x", SIMPLE_CRYPTO, "x"])]);
    assert_eq!(read(&secret_row(), &of).err(), Some(Reason::ProjectKek));
}

#[test]
fn lists_beyond_the_limits_are_left() {
    let mut of = no_rows();
    let pair = |number: usize| row(&[ID, &number.to_string(), "v"]);
    of.metadata = by_owner((0..MOST_METADATA).map(pair).collect());
    assert_eq!(read(&secret_row(), &of).ok().unwrap().metadata.len(), MOST_METADATA);
    of.metadata = by_owner((0..=MOST_METADATA).map(pair).collect());
    assert_eq!(read(&secret_row(), &of).err(), Some(Reason::TooMany("keys of metadata", MOST_METADATA)));
    // Where they are not read at all.
    let too_many = || Owned::default().beside(std::iter::once(ID.to_owned()).collect());
    of.metadata = too_many();
    assert_eq!(read(&secret_row(), &of).err(), Some(Reason::TooMany("keys of metadata", MOST_METADATA)));
    let mut of = no_rows();
    of.attached.users = too_many();
    assert_eq!(read(&secret_row(), &of).err(), Some(Reason::TooMany("users in its ACL", MOST_ACL_USERS)));
    let mut of = no_rows();
    of.payloads = too_many();
    assert_eq!(read(&secret_row(), &of).err(), Some(Reason::TooMany("payloads", MOST_DUPLICATES)));
}

#[test]
fn quotas_of_a_project_with_a_long_id_are_left() {
    let of = |project: &str| quotas(&row(&["q", project, "1", "-", "-", "-", "-", TIME, TIME]));
    assert_eq!(of(&"ü".repeat(MAX_PROJECT)).unwrap().quotas.secrets, Some(1));
    assert_eq!(of(&"p".repeat(MAX_PROJECT + 1)).err(), Some(Reason::ProjectTooLong(MAX_PROJECT)));
}

#[test]
fn acls_are_read_in_the_words_of_each_database() {
    for (word, access) in [("1", true), ("true", true), ("0", false), ("false", false)] {
        let mut of = no_rows();
        of.attached.acls = by_owner(vec![row(&[ID, word, TIME, TIME])]);
        of.attached.users = by_owner(vec![row(&[ID, "b"]), row(&[ID, "a"])]);
        let acl = read(&secret_row(), &of).ok().unwrap().attached.acl.unwrap();
        assert_eq!((acl.project_access, acl.users), (access, vec!["a".to_owned(), "b".to_owned()]), "{word}");
    }
}

#[test]
fn orders_lose_their_passphrases_and_nothing_else() {
    let of = |kind: &str, meta: &str, status: &str| {
        order(&row(&[ID, "p1", "u1", kind, meta, status, ID, "-", "-", "-", TIME, TIME]))
    };
    let kept = r#"{"name": "\u00fc", "bit_length": 128.0}"#;
    assert_eq!(of("key", kept, "ACTIVE").unwrap().meta, kept);
    let secret = r#"{"passphrase": "hunter2", "name": null, "pass_phrase": "hunter2"}"#;
    assert_eq!(of("asymmetric", secret, "ACTIVE").unwrap().meta, r#"{"name": null}"#);
    let long = format!(r#"{{"name": "{}"}}"#, "x".repeat(MAX_META));
    for (kind, meta, status, reason) in [
        ("certificate", "{}", "ACTIVE", Reason::OrderType),
        ("key", "{}", "PENDING", Reason::Pending),
        ("key", "[]", "ACTIVE", Reason::Meta(MAX_META)),
        ("key", r#"{"x": NaN}"#, "ACTIVE", Reason::Meta(MAX_META)),
        ("key", &long, "ACTIVE", Reason::Meta(MAX_META)),
    ] {
        assert_eq!(of(kind, meta, status).err(), Some(reason), "{kind} {status}");
    }
}
