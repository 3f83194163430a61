//! Texts that are refused, as their author reads it.

use super::*;
use std::fmt::Write as _;

/// Typical mistakes and what is told of them: `tests/mistakes.txt`. To change a text, copy what the test prints.
#[test]
fn typical_mistakes_are_told_with_their_place() {
    let snapshot = include_str!("../../tests/mistakes.txt");
    let mut told = String::new();
    let mut count = 0;
    for section in snapshot.split("\n=== ").skip(1) {
        let (title, rest) = section.split_once('\n').unwrap();
        let (cedar, _) = rest.split_once("\n---\n").unwrap();
        let settings = json!({"files": {"house.cedar": cedar}});
        let error = configured(&settings).err().unwrap_or_else(|| "nothing is wrong".into());
        write!(told, "\n=== {title}\n{cedar}\n---\n{error}\n").unwrap();
        count += 1;
    }
    let (head, _) = snapshot.split_once("\n=== ").unwrap();
    let told = format!("{head}{told}");
    assert!(count >= 10, "{count}");
    if told != snapshot {
        let at = told.lines().zip(snapshot.lines()).position(|(told, written)| told != written);
        panic!("line {}:\n{told}", at.unwrap_or_default() + 1);
    }
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let permit = "permit (principal, action, resource);";
    for (settings, expected) in [
        (
            json!({}),
            "there are no policies: write them as `cedar = \"...\"`, or name files in `settings_files",
        ),
        (json!({"cedar": ""}), "the texts have no policies"),
        (json!({"cedar": permit, "policy": ""}), "unknown key: `policy`"),
        (json!({"cedar": permit, "files": {"policy.cedar": permit}}), "`files` has `policy.cedar`"),
        (json!({"cedar": permit, "utc_offset": "+2"}), "`utc_offset`: `+2` is no offset from UTC"),
        (json!({"cedar": permit, "utc_offset": "+24:00"}), "is no offset from UTC"),
        (json!({"cedar": permit, "no_permit": "allow"}), "`no_permit`: unknown variant `allow`"),
        (
            json!({"files": {"a.cedar": permit, "b.cedar": "@id(\"x\") permit (principal, action, resource); permit"}}),
            "b.cedar:1:",
        ),
        (
            json!({"files": {"a.cedar": format!("@id(\"x\") {permit}"), "b.cedar": format!("\n @id(\"x\") {permit}")}}),
            "b.cedar:2:2\n  |\n2 |  @id(\"x\") permit (principal, action, resource);\n  |  ^\nerror: there is a policy `x` in `a.cedar` already",
        ),
        (
            json!({"cedar": format!("permit (principal, action, resource) when {{ {}true{} }};", "(".repeat(70), ")".repeat(70))}),
            "nested deeper",
        ),
    ] {
        let error = configured(&settings).err().unwrap_or_default();
        assert!(error.contains(expected), "{settings}: {error}");
    }
}

/// Each text is cut, doubled and shuffled: an error or a policy, and never a panic.
#[test]
fn no_text_makes_it_panic() {
    let text = include_str!("../../tests/house.cedar");
    let words: Vec<&str> = text.split_inclusive(|one: char| !one.is_alphanumeric()).collect();
    let mut seed: usize = 1;
    let schemas = crate::schema::Schemas::new(None).unwrap();
    for _ in 0..30 {
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let mut words = words.clone();
        for _ in 0..=random(3) {
            let (at, other) = (random(words.len()), random(words.len()));
            match random(3) {
                0 => {
                    words.remove(at);
                }
                1 => words.insert(at, words[other]),
                _ => words.swap(at, other),
            }
        }
        let files = BTreeMap::from([("a.cedar".to_owned(), words.concat())]);
        let _ = crate::policies::Policies::new(&files, &schemas.requests);
    }
}

/// Frames of a debug build are larger than those of the module, whose stack is 1 MiB: this has more.
#[test]
fn what_is_as_deep_as_it_may_be_is_evaluated() {
    let evaluate = || {
        for condition in [
            format!("{}true{}", "(".repeat(60), ")".repeat(60)),
            format!("{}true{}", "if true then ".repeat(30), " else false".repeat(30)),
            vec!["context.time.hour < 5"; 120].join(" || "),
            format!("context.time.hour {} < 5", "+ 1 ".repeat(400)),
            vec!["{a: {a: 1}} == {a: {a: 1}}"; 100].join(" && "),
            "[".repeat(50) + "1" + &"]".repeat(50) + " == " + &"[".repeat(50) + "1" + &"]".repeat(50),
        ] {
            let settings =
                json!({"cedar": format!("permit (principal, action, resource) when {{ {condition} }};")});
            let policy = configured(&settings);
            assert!(policy.is_ok(), "{condition}: {:?}", policy.err());
            ask(&policy.unwrap(), &operation("ContainerCreate")).unwrap();
        }
    };
    std::thread::Builder::new().stack_size(256 << 20).spawn(evaluate).unwrap().join().unwrap();
}
