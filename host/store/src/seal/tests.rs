//! What is sealed opens where it belongs, and nowhere else.

use proptest::collection::vec;
use proptest::prelude::*;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::*;

fn key(byte: u8) -> MasterKey {
    MasterKey::parse(&[byte; 32]).unwrap()
}

const HERE: Place<'_> = Place { table: "secrets", row: "1" };

proptest! {
    #[test]
    fn it_opens_where_it_belongs_alone(plain: Vec<u8>, table in "[a-z]{0,8}", row in "[a-z0-9]{0,8}",
                                       other in "[a-z0-9]{0,8}", at: prop::sample::Index, bit in 0..8_u8) {
        let sealer = Sealer::new(&key(1), &[]);
        let place = Place { table: &table, row: &row };
        let sealed = sealer.seal(place, &plain).unwrap();
        prop_assert_eq!(&**sealer.open(place, &sealed).unwrap(), &plain[..]);
        let together = format!("{table}{row}");
        // The last one runs together to the same text.
        let elsewhere = [(&*table, &*other), (&*other, &*row), (&*together, "")];
        for (table, row) in elsewhere.into_iter().filter(|place| *place != (&*table, &*row)) {
            let opened = sealer.open(Place { table, row }, &sealed);
            prop_assert!(matches!(opened, Err(SealError::Broken)), "{} {}", table, row);
        }
        let mut flipped = sealed.clone();
        flipped[at.index(sealed.len())] ^= 1 << bit;
        prop_assert!(sealer.open(place, &flipped).is_err());
        prop_assert!(sealer.open(place, &sealed[..at.index(sealed.len())]).is_err());
        let mut longer = sealed.clone();
        longer.push(0);
        prop_assert!(sealer.open(place, &longer).is_err());
    }

    #[test]
    fn nothing_makes_it_panic(bytes in vec(any::<u8>(), 0..64), behind_our_key: bool) {
        let sealer = Sealer::new(&key(1), &[]);
        let mut blob = Vec::new();
        if behind_our_key {
            blob.push(VERSION);
            blob.extend_from_slice(sealer.sealing_key().bytes());
        }
        blob.extend_from_slice(&bytes);
        prop_assert!(sealer.open(HERE, &blob).is_err());
    }

    #[test]
    fn a_key_is_read_as_bytes_or_base64(bytes: [u8; 32]) {
        let raw = MasterKey::parse(&bytes).unwrap();
        let text = raw.to_base64();
        for text in [text.to_string(), format!(" {}\r\n", *text)] {
            let read = MasterKey::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(read.bytes(), &bytes);
        }
        prop_assert_eq!(raw.id().to_string().parse::<KeyId>().unwrap(), raw.id());
    }
}

#[test]
fn two_seals_of_the_same_differ_and_show_nothing() {
    let sealer = Sealer::new(&key(1), &[]);
    let plain = b"correct horse battery staple";
    let (one, two) = (sealer.seal(HERE, plain).unwrap(), sealer.seal(HERE, plain).unwrap());
    assert_ne!(one, two);
    assert!(!one.windows(7).any(|part| part == b"correct"));
}

#[test]
fn an_old_key_opens_and_a_new_one_seals() {
    let before = Sealer::new(&key(1), &[]).seal(HERE, b"old").unwrap();
    let rotated = Sealer::new(&key(2), &[key(1)]);
    assert_eq!(&**rotated.open(HERE, &before).unwrap(), b"old");
    let after = rotated.seal(HERE, b"new").unwrap();
    assert_eq!(key_of(&before).unwrap(), key(1).id());
    assert_eq!(key_of(&after).unwrap(), key(2).id());
    let gone = Sealer::new(&key(2), &[]).open(HERE, &before).unwrap_err();
    assert!(matches!(gone, SealError::UnknownKey(id) if id == key(1).id()), "{gone}");
}

#[test]
fn a_key_of_another_length_is_none() {
    for bytes in [&b""[..], &[0; 31], &[0; 33], b"c2hvcnQ=", &[b'A'; 64]] {
        assert!(matches!(MasterKey::parse(bytes), Err(SealError::KeyLength)), "{bytes:?}");
    }
}

#[test]
fn a_key_never_shows() {
    let key = MasterKey::parse(&[b'K'; 32]).unwrap();
    let shown = format!("{key:?} {:?}", Sealer::new(&key, std::slice::from_ref(&key)));
    assert!(!shown.contains("KKK") && !shown.contains("75, 75") && !shown.contains("4b4b4b"), "{shown}");
}

#[test]
fn a_key_file_is_made_once_and_is_ours_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let made: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| KeyFile::open_or_make(&path).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(made.iter().filter(|file| file.made).count(), 1);
    assert!(made.iter().all(|file| file.key.id() == made[0].key.id()));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");

    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let error = KeyFile::open_or_make(&path).unwrap_err();
    assert!(matches!(error, SealError::OpenKeyFile { mode: 0o640, .. }), "{error}");
}

#[test]
fn a_key_file_without_a_key_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    for text in ["", "short", &"x".repeat(5000)] {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let error = KeyFile::open_or_make(&path).unwrap_err();
        assert!(matches!(error, SealError::KeyFileLength(_)), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "it is left as it is");
    }
    let nowhere = KeyFile::open_or_make(&folder.path().join("no/key")).unwrap_err();
    assert!(matches!(nowhere, SealError::KeyFile { .. }), "{nowhere}");
}
