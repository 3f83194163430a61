//! `portcullis:policy/docker-edits`: the words of the hook `docker-edit`.

use crate::Pairs;

record! {
    /// Which things a user sees.
    Visibility {
        kinds: Vec<String>,
        labels: Pairs,
        names: Pairs,
    }
}

record! {
    /// What the gateway changes of requests and responses.
    Edits {
        visible: Option<Visibility>,
        labels: Pairs,
        hidden_environment = "hidden-environment": Vec<String>,
        extra: Pairs,
    }
}
