//! Settings that are refused at load, with the reason.

use super::*;

#[test]
fn entries_that_never_match_are_refused() {
    let one = |lines: &str| format!("[[rules]]\nname = \"r\"\n{lines}");
    for (settings, expected) in [
        ("", "there is no rule"),
        ("rules = []", "there is no rule"),
        ("[[rules]]\nusers = [\"*\"]", "is no name of a rule"),
        ("[[rules]]\nname = \"A b\"", "is no name of a rule"),
        (&format!("{0}\n{0}", one("users = [\"*\"]\noperations = [\"read\"]")), "two have the name `r`"),
        (&one("operations = [\"read\"]"), "`users` has no entry"),
        (&one("users = [\"\"]"), "it names no user"),
        (&one("users = [\"group:\"]"), "it names no user"),
        (&one("users = [\"*\"]"), "`operations` has no entry"),
        (&one("users = [\"*\"]\noperations = [\"containerList\"]"), "groups list, read, run"),
        (&one("users = [\"*\"]\noperations = [\"PluginPull\"]"), "host_options = \"allow\""),
        (&one("users = [\"*\"]\noperations = [\"Session\"]"), "host_options = \"allow\""),
        (
            &one("users = [\"*\"]\noperations = [\"ImageBuild\"]\nimages = [\"a\"]"),
            "rule of its own without `images`",
        ),
        (&one("users = [\"*\"]\noperations = [\"run\"]\nimages = []"), "`images` has no entry"),
        (&one("users = [\"*\"]\noperations = [\"run\"]\nimages = [\"Team/app\"]"), "lower case"),
        (
            &one("users = [\"*\"]\noperations = [\"NetworkList\"]\nimages = [\"a\"]"),
            "`images` is never looked up",
        ),
        (
            &one("users = [\"*\"]\noperations = [\"list\"]\ncontainers = [\"a\"]"),
            "`containers` is never looked up",
        ),
        (&one("users = [\"*\"]\noperations = [\"run\"]\ncontainers = [\"a b\"]"), "` `"),
        (&one("users = [\"*\"]\noperations = [\"run\"]\nsecrets = [\"a\"]"), "`secrets` is never looked up"),
        (
            &one("users = [\"anonymous\"]\noperations = [\"run\"]\ncontainers = [\"${user}-*\"]"),
            "only clients without a name",
        ),
        (
            &one("users = [\"anonymous\"]\noperations = [\"run\"]\nlabels = { a = \"${user}\" }"),
            "only clients without a name",
        ),
        (
            &one("users = [\"*\"]\noperations = [\"run\"]\nlabels = { \"a=b\" = \"c\" }"),
            "is no name of a label",
        ),
        (&one("users = [\"*\"]\noperations = [\"run\"]\nlabels = { a = \"\" }"), "`labels.a`: it is empty"),
        (&one("users = [\"*\"]\noperations = [\"run\"]\nimage = [\"a\"]"), "unknown key: `rules.0.image`"),
        (&one("users = [\"*\"]\noperations = [\"run\"]\nhost_options = \"yes\""), "unknown variant `yes`"),
    ] {
        let error = configured(settings).err().unwrap_or_else(|| panic!("{settings}"));
        assert!(error.contains(expected), "{settings}: {error}");
    }
}
