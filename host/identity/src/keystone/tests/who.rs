//! Whom a token stands for, and where those are sent who have none.

use super::*;

#[tokio::test]
async fn a_token_is_whom_keystone_says() {
    let pair = Pair::new(|_| {}).await;
    let owner = pair.ask(&[("X-Auth-Token", " owner ")]).await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        owner,
        Requester {
            user: text("c650030ddb5f4966a7feedb2543b39f3"),
            user_name: text("owner_a"),
            user_domain: text("default"),
            project: text("4704970d1b2949dd9d977e730f02ee36"),
            project_name: text("project_a"),
            project_domain: text("default"),
            scope: "project".into(),
            roles: ["creator", "reader", "member"].map(String::from).into(),
            groups: vec![],
            application_credential: None,
            service_roles: vec![],
            attributes: [
                ("auth-methods", "password"),
                ("user-domain-name", "Default"),
                ("project-domain-name", "Default"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        }
    );
    let credential = pair.ask(&[("X-Storage-Token", "application-credential")]).await.unwrap();
    assert_eq!(credential.application_credential.as_deref(), Some("f57f8ddf44d64e45b64a81070bb93893"));
    let federated = pair.ask(&[("X-Auth-Token", "federated")]).await.unwrap();
    assert_eq!(federated.groups, ["g1", "g2"]);
    assert!(federated.attributes.contains(&("identity-provider".into(), "idp".into())));
    for (token, project) in [("domain", None), ("system", None), ("unscoped", None)] {
        let requester = pair.ask(&[("X-Auth-Token", token)]).await.unwrap();
        assert_eq!((requester.scope.as_str(), requester.project), (token, project));
    }
    assert_eq!(pair.fake.calls(), (6, 1), "one password for all of them");
}

#[tokio::test]
async fn what_a_client_says_of_itself_is_not_read() {
    let pair = Pair::new(|_| {}).await;
    let forged = [
        ("X-Identity-Status", "Confirmed"),
        ("X-User-Id", "root"),
        ("X-Project-Id", "p"),
        ("X-Roles", "admin"),
        ("X-Service-Identity-Status", "Confirmed"),
        ("X-Service-Roles", "service"),
    ];
    assert!(unauthorized(&pair.ask(&forged).await));
    let mut with_token = forged.to_vec();
    with_token.push(("X-Auth-Token", "owner"));
    let requester = pair.ask(&with_token).await.unwrap();
    assert_eq!(requester.user.as_deref(), Some("c650030ddb5f4966a7feedb2543b39f3"));
    assert!(requester.service_roles.is_empty() && !requester.roles.contains(&"admin".to_owned()));
}

#[tokio::test]
async fn nobody_is_unauthorized() {
    let pair = Pair::new(|_| {}).await;
    for headers in
        [&[][..], &[("X-Auth-Token", "")], &[("X-Auth-Token", "bogus")], &[("X-Auth-Token", "bound")]]
    {
        assert!(unauthorized(&pair.ask(headers).await), "{headers:?}");
    }
    let error = pair.ask(&[("X-Auth-Token", "bogus")]).await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("bogus"));
    assert_eq!(pair.fake.calls().0, 3, "only good answers are kept");
}

#[tokio::test]
async fn clients_are_sent_to_keystone() {
    let address = fake::Keystone::recorded().serve().await;
    let tokens = Tokens::keystone(options(address)).unwrap();
    assert_eq!(tokens.challenge().unwrap(), format!("Keystone uri=\"http://{address}/v3\""));
    let public = Some("https://keystone.example/v3".to_owned());
    let tokens =
        Tokens::keystone(KeystoneOptions { www_authenticate_uri: public, ..options(address) }).unwrap();
    assert_eq!(tokens.challenge().unwrap(), "Keystone uri=\"https://keystone.example/v3\"");
    assert!(!tokens.reload().unwrap());
    assert!(!format!("{:?}", options(address)).contains("hunter2"));
}
