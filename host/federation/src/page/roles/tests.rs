//! Who sees what on the page of roles.

use super::*;

fn accounts() -> BTreeMap<String, Account> {
    let account = |id: &str, partition: &str| Account {
        id: id.parse().unwrap(),
        partition: partition.parse().unwrap(),
    };
    [("Shop", account("012345678901", "aws")), ("shop-cn", account("210987654321", "aws-cn"))]
        .into_iter()
        .map(|(name, account)| (name.to_owned(), account))
        .collect()
}

fn grant(account: &str, role: &str, reason: &str) -> Grant {
    Grant { account: account.into(), role: role.into(), reason: reason.into(), ..Grant::default() }
}

fn page(grants: &[Grant], filter: &str) -> String {
    let accounts = accounts();
    let accounts = Accounts::of(grants, &accounts);
    Roles {
        user: "alice",
        csrf: None,
        accounts,
        filter,
        format: Format::PowerShell,
        requests: false,
        destination: "",
        region: "",
    }
    .render()
}

/// The roles whose rows are not hidden, after what their accounts are found by.
fn seen(page: &str) -> Vec<String> {
    let sections = page.split("<section data-find=\"").skip(1).filter_map(|section| section.split_once('"'));
    let visible = sections.filter(|(_, rest)| rest.starts_with('>'));
    let rows = visible.flat_map(|(found_by, rest)| {
        let rows = rest.split("<li>").skip(1).filter_map(|row| row.split_once("<strong>"));
        rows.filter_map(move |(_, row)| Some(format!("{found_by} {}", row.split_once('<')?.0)))
    });
    rows.collect()
}

#[test]
fn accounts_and_roles_in_order_with_ids_partitions_and_reasons() {
    let grants = [
        grant("shop-cn", "b", ""),
        grant("Shop", "b", "on call"),
        grant("Shop", "a", ""),
        grant("Shop", "b", "2nd"),
    ];
    let page = page(&grants, "");
    assert_eq!(
        seen(&page),
        ["shop 012345678901 aws a", "shop 012345678901 aws b", "shop-cn 210987654321 aws-cn b"]
    );
    for part in [
        "Signed in as <strong><bdi>alice</bdi></strong>",
        r#"<span class="id">012345678901 · aws</span>"#,
        r#"<span class="id">210987654321 · aws-cn</span>"#,
        "<p>on call</p>",
        ">3 roles</p>",
        r#"<option value="powershell" selected>"#,
        r#"<input type="hidden" name="format" value="powershell">"#,
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("2nd"));
    assert_eq!(page.matches("<h1>").count(), 1);
}

#[test]
fn every_word_of_the_filter_must_be_there() {
    let grants = [grant("Shop", "admin", ""), grant("Shop", "Read", ""), grant("shop-cn", "admin", "")];
    for (filter, wanted, count) in [
        ("", 3, ">3 roles<"),
        ("ADMIN", 2, ">2 of 3 roles<"),
        (" shop  read ", 1, ">1 of 3 roles<"),
        ("2109876", 1, ">1 of 3 roles<"),
        ("aws-cn", 1, ">1 of 3 roles<"),
        ("admin read", 0, ">0 of 3 roles<"),
        ("<script>", 0, ">0 of 3 roles<"),
    ] {
        let page = page(&grants, filter);
        assert_eq!(seen(&page).len(), wanted, "{filter}");
        assert!(page.contains(count), "{filter}");
        assert_eq!(page.contains(r#"id="nothing" hidden"#), wanted > 0, "{filter}");
        // A section without a row that is seen is not seen either.
        let sections = page
            .split("<section data-find=\"")
            .skip(1)
            .filter(|one| one.split_once('"').unwrap().1.starts_with('>'))
            .count();
        assert_eq!(sections, if wanted == 3 || filter == "ADMIN" { 2 } else { wanted.min(1) }, "{filter}");
    }
}

#[test]
fn a_filter_is_for_long_lists() {
    let roles = |number: usize| -> Vec<Grant> {
        (0..number).map(|number| grant("Shop", &format!("role-{number}"), "")).collect()
    };
    for (number, filter, there) in [(5, "", false), (6, "", true), (1, "x", true)] {
        let page = page(&roles(number), filter);
        assert_eq!(page.contains("type=\"search\""), there, "{number} {filter}");
    }
}

#[test]
fn who_has_nothing_is_told_what_to_do() {
    let page = page(&[], "");
    assert!(page.contains("No role is granted to you.") && page.contains("Ask whoever decides about roles"));
    assert!(!page.contains("<form") && !page.contains("<section"));
    let accounts = accounts();
    let nobody = Roles {
        user: "",
        csrf: None,
        accounts: Accounts::of(&[], &accounts),
        filter: "",
        format: Format::Shell,
        requests: true,
        destination: "",
        region: "",
    };
    assert!(nobody.render().contains("Signed in without a name"));
}

#[test]
fn an_account_that_the_mount_does_not_have_has_no_buttons() {
    let page = page(&[grant("elsewhere", "admin", "")], "");
    assert!(page.contains("This account has no id here") && !page.contains("console/open"));
}

#[test]
fn five_hundred_roles_are_folded_and_small() {
    let grants: Vec<_> = (0..500)
        .map(|number| {
            let (account, role) = (format!("production-{}", number % 10), format!("team-reader-{number:03}"));
            let group = format!("aws-{account}-{role}");
            let reason = format!(
                "user is in group \"{group}\" which matches regexp \"^aws-(?P<account>.+)-(?P<role>.+)$\""
            );
            grant(&account, &role, &reason)
        })
        .collect();
    let account = Account { id: "012345678901".parse().unwrap(), partition: "aws".parse().unwrap() };
    let accounts: BTreeMap<_, _> = (0..10).map(|number| (format!("production-{number}"), account)).collect();
    let page = |filter: &str| {
        let accounts = Accounts::of(&grants, &accounts);
        Roles {
            user: "alice",
            csrf: None,
            accounts,
            filter,
            format: Format::Shell,
            requests: true,
            destination: "",
            region: "",
        }
        .render()
    };
    let all = page("");
    assert!(all.len() < 150_000, "{}", all.len());
    assert!(!all.contains("regexp") && !all.contains("<details open>"));
    assert_eq!(page("reader-007").matches("<details open>").count(), 10);
}

#[test]
fn a_destination_is_for_consoles_alone() {
    let accounts = accounts();
    let grants = [grant("Shop", "b", "")];
    let destination = "https://eu-central-1.console.aws.amazon.com/s3/home";
    let accounts = Accounts::of(&grants, &accounts);
    let page = Roles {
        user: "alice",
        csrf: None,
        accounts,
        filter: "",
        format: Format::Shell,
        requests: false,
        destination,
        region: "eu-west-1",
    };
    let page = page.render();
    let (before, credentials) = page.split_once("action=\"console/credentials\"").unwrap();
    for (name, value) in [("destination", destination), ("region", "eu-west-1")] {
        let field = format!(r#"<input type="hidden" name="{name}" value="{value}">"#);
        // Once for the console, and once for the filter, which keeps it.
        assert_eq!((before.matches(&field).count(), credentials.matches(&field).count()), (2, 0));
    }
    assert!(page.contains("in <bdi>eu-west-1</bdi>"), "{page}");
}
