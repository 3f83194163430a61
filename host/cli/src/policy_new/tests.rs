use super::*;
use portcullis_engine::case::CaseFile;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn every_language_has_rules_and_cases_for_every_hook() {
    for language in Language::value_variants() {
        for hooks in HookName::ALL.map(|hook| vec![hook]).into_iter().chain([HookName::ALL.to_vec()]) {
            let refused = match language {
                Language::C if hooks.len() > 1 => Some("one hook"),
                Language::Cedar if hooks.contains(&HookName::DockerEdit) => Some("leave out `docker-edit`"),
                _ => None,
            };
            if let Some(refused) = refused {
                let error = project(*language, "house-rules", &hooks).err().unwrap();
                assert!(error.contains(refused), "{error}");
                continue;
            }
            let made = project(*language, "house-rules", &hooks).unwrap();
            for (path, contents) in made.all() {
                assert!(!contents.is_empty(), "{language:?} {hooks:?}: {path} is empty");
                let Ok(text) = std::str::from_utf8(contents) else { continue };
                let is_ours = !path.starts_with("sdk/");
                let marks = ["@name@", "@hooks@", "@fields@", "@source@", "@handlers@", "@types@", "../../"];
                assert!(
                    !(is_ours && marks.iter().any(|mark| text.contains(mark))),
                    "{language:?}: {path}: {text}"
                );
            }
            let cases = made.text_of("cases.jsonl").unwrap();
            let cases = CaseFile::parse(portcullis_contract::cases::Format::JsonLines, cases).unwrap();
            for hook in hooks {
                assert!(cases.cases.iter().any(|case| case.input.hook() == hook), "{language:?}: {hook}");
            }
        }
    }
}

#[test]
fn the_lock_file_stays_in_order_for_every_name() {
    for name in ["aaa", "m", "zzz"] {
        let made = project(Language::Rust, name, &[HookName::DockerRequest]).unwrap();
        let lock = made.text_of("Cargo.lock").unwrap();
        let names: Vec<_> = lock.lines().filter(|line| line.starts_with("name = ")).collect();
        assert!(names.is_sorted() && names.contains(&format!("name = \"{name}\"").as_str()), "{names:?}");
    }
}

#[test]
fn a_folder_is_made_once_and_build_can_be_run() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = |name: &str| Arguments {
        language: Language::Python,
        folder: folder.path().join(name),
        hooks: vec![HookName::DockerRequest],
    };
    run(&arguments("guard")).unwrap();
    let build = std::fs::metadata(folder.path().join("guard/build")).unwrap();
    assert_eq!(build.permissions().mode() & 0o100, 0o100);
    let again = run(&arguments("guard")).unwrap_err().to_string();
    assert!(again.contains("cannot be made"), "{again}");
    for taken in ["allow", "log", "serde", "portcullis-policy-sdk", "test", "match"] {
        let arguments = Arguments { language: Language::Rust, ..arguments(taken) };
        let error = run(&arguments).unwrap_err().to_string();
        assert!(error.contains("that the project uses"), "{taken}: {error}");
    }
    for wrong in ["Guard", "9lives", "a b", "a_b", ".."] {
        let error = run(&arguments(wrong)).unwrap_err().to_string();
        assert!(error.contains("cannot be a policy's name"), "{wrong}: {error}");
    }
}
