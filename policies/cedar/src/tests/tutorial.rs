//! The examples of Cedar's documentation, "Policy examples", by its facts: photos and albums are containers and albums of
//! them, `view`, `edit` and `delete` are `ContainerLogs`, `ContainerUpdate` and `ContainerDelete`, a photo's account and
//! owner are its labels.

use super::*;

const SCHEMA: &str = "
    entity User = { department?: String, jobLevel?: Long };
    namespace Docker { entity Album; entity Target in [Album]; }";

fn photo(id: &str, album: &str) -> Value {
    json!({"uid": {"type": "Docker::Target", "id": format!("container/{id}")}, "parents": [{"type": "Docker::Album", "id": album}]})
}

/// The verdict on user, action, photo and labels.
fn verdict(cedar: &str, user: &str, action: &str, photo_name: &str, labels: &[(&str, &str)]) -> Verdict {
    let action = match action {
        "view" => "ContainerLogs",
        "edit" => "ContainerUpdate",
        _ => "ContainerDelete",
    };
    let cedar = [("VIEW", "ContainerLogs"), ("EDIT", "ContainerUpdate"), ("DELETE", "ContainerDelete")]
        .iter()
        .fold(cedar.to_owned(), |text, (word, id)| text.replace(word, &format!("Docker::Action::\"{id}\"")));
    let person = |id: &str, department: &str, level: i64| json!({"uid": {"type": "User", "id": id}, "attrs": {"department": department, "jobLevel": level}});
    let entities = json!([
        photo("VacationPhoto94.jpg", "alice_vacation"),
        photo("jane.jpg", "jane_vacation"),
        person("alice", "HardwareEngineering", 5),
        person("bob", "HardwareEngineering", 4),
        person("carol", "Sales", 9),
    ]);
    let policy = configured(&json!({"cedar": cedar, "schema": SCHEMA, "entities": entities})).unwrap();
    let mut request = operation(action);
    if !user.is_empty() {
        request.principal.name = Some(user.into());
    }
    if user == "bob" {
        request.principal.groups = vec!["alice_friends".into()];
    }
    request.principal.authentication = match user {
        "" => "anonymous",
        "carol" => "password",
        _ => "certificate",
    }
    .into();
    request.targets[0].as_sent = photo_name.into();
    request.targets[0].labels =
        labels.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    ask(&policy, &request).unwrap().verdict
}

#[test]
fn examples_of_the_documentation_decide_as_documented() {
    use Verdict::{Abstain, Allow, Deny};
    const PHOTO: &str = "VacationPhoto94.jpg";
    let own: &[(&str, &str)] = &[("owner", "alice")];
    let private: &[(&str, &str)] = &[("owner", "alice"), ("private", "true")];
    let one = "permit (principal == User::\"alice\", action == VIEW, resource == Docker::Target::\"container/VacationPhoto94.jpg\");";
    let friends = one.replace("principal == User::\"alice\"", "principal in Group::\"alice_friends\"");
    let album = "permit (principal == User::\"alice\", action == VIEW, resource in Docker::Album::\"alice_vacation\");";
    let actions = album.replace("action == VIEW", "action in [VIEW, EDIT, DELETE]");
    let anyone = album.replace("principal == User::\"alice\"", "principal");
    let any_action = album.replace("action == VIEW", "action");
    let department = "permit (principal is User, action in [VIEW, EDIT], resource in Docker::Album::\"alice_vacation\")
        when { principal has department && principal.department == \"HardwareEngineering\" && principal has jobLevel && principal.jobLevel >= 5 };";
    let owner = "permit (principal is User, action, resource is Docker::Target)
        when { resource.hasTag(\"owner\") && resource.getTag(\"owner\") == principal.id };";
    let guarded = "permit (principal, action == VIEW, resource);
        forbid (principal is User, action, resource is Docker::Target) when { resource.hasTag(\"private\") && resource.getTag(\"private\") == \"true\" }
        unless { resource.hasTag(\"owner\") && resource.getTag(\"owner\") == principal.id };";
    let authenticated = "permit (principal is User, action == VIEW, resource);
        forbid (principal, action == VIEW, resource) unless { principal has authentication && principal.authentication == \"certificate\" };";
    for (cedar, user, action, photo, labels, expected) in [
        // Individual entities.
        (one, "alice", "view", PHOTO, own, Allow),
        (one, "alice", "edit", PHOTO, own, Abstain),
        (one, "bob", "view", PHOTO, own, Abstain),
        (one, "alice", "view", "jane.jpg", own, Abstain),
        // Groups of principals, resources, actions.
        (&friends, "bob", "view", PHOTO, own, Allow),
        (&friends, "alice", "view", PHOTO, own, Abstain),
        (album, "alice", "view", PHOTO, own, Allow),
        (album, "alice", "view", "jane.jpg", own, Abstain),
        (&actions, "alice", "delete", PHOTO, own, Allow),
        (&actions, "bob", "delete", PHOTO, own, Abstain),
        // Any principal, any action.
        (&anyone, "carol", "view", PHOTO, own, Allow),
        (&anyone, "", "view", PHOTO, own, Allow),
        (&anyone, "carol", "view", "jane.jpg", own, Abstain),
        (&any_action, "alice", "delete", PHOTO, own, Allow),
        (&any_action, "carol", "delete", PHOTO, own, Abstain),
        // Attributes.
        (department, "alice", "edit", PHOTO, own, Allow),
        (department, "bob", "view", PHOTO, own, Abstain),
        (department, "carol", "view", PHOTO, own, Abstain),
        (department, "dave", "view", PHOTO, own, Abstain),
        (owner, "alice", "delete", PHOTO, own, Allow),
        (owner, "bob", "delete", PHOTO, own, Abstain),
        (owner, "bob", "delete", PHOTO, &[], Abstain),
        // Forbidden, unless.
        (guarded, "bob", "view", PHOTO, own, Allow),
        (guarded, "bob", "view", PHOTO, private, Deny),
        (guarded, "alice", "view", PHOTO, private, Allow),
        (guarded, "alice", "delete", PHOTO, private, Abstain),
        // By how the user was authenticated.
        (authenticated, "alice", "view", PHOTO, own, Allow),
        (authenticated, "carol", "view", PHOTO, own, Deny),
        (authenticated, "", "view", PHOTO, own, Deny),
    ] {
        assert_eq!(verdict(cedar, user, action, photo, labels), expected, "{user} {action} {photo}: {cedar}");
    }
}
