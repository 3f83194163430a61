//! `portcullis:policy/secrets`: the words of the hook `secret-access`.

use crate::Pairs;
use crate::types::Context;

record! {
    /// Who asks, as Keystone says.
    Requester {
        user: Option<String>,
        user_name = "user-name": Option<String>,
        user_domain = "user-domain": Option<String>,
        project: Option<String>,
        project_name = "project-name": Option<String>,
        project_domain = "project-domain": Option<String>,
        scope: String,
        roles: Vec<String>,
        groups: Vec<String>,
        application_credential = "application-credential": Option<String>,
        service_roles = "service-roles": Vec<String>,
        attributes: Pairs,
    }
}

record! {
    /// Who may read an entity besides its project.
    Acl {
        users: Vec<String>,
        project_access = "project-access": bool,
        created: Option<u64>,
        updated: Option<u64>,
        extra: Pairs,
    }
}

record! {
    /// A secret or a container.
    Entity {
        kind: String,
        id: String,
        name: Option<String>,
        project: String,
        creator: Option<String>,
        subtype: Option<String>,
        extra: Pairs,
    }
}

record! {
    /// A container that holds the secret.
    Holder {
        entity: Entity,
        acl: Option<Acl>,
    }
}

record! {
    /// One act upon an entity.
    Access {
        context: Context,
        operation: String,
        principal: Requester,
        entity: Option<Entity>,
        acl: Option<Acl>,
        proposed: Option<Acl>,
        holders: Vec<Holder>,
        extra: Pairs,
    }
}
