//! `portcullis:policy/aws`: the words of the hook `aws-roles`.

use crate::Pairs;
use crate::types::{Context, Principal};

record! {
    /// Which accounts and roles may this person have?
    Request {
        context: Context,
        principal: Principal,
        mount: String,
        purpose: String,
        account: Option<String>,
        role: Option<String>,
        callback_url = "callback-url": Option<String>,
        extra: Pairs,
    }
}

record! {
    /// One role in one account, and how its session is to be.
    Grant {
        account: String,
        role: String,
        reason: String,
        duration_seconds = "duration-seconds": Option<u32>,
        session_name = "session-name": Option<String>,
        source_identity = "source-identity": Option<String>,
        tags: Pairs,
        session_policy = "session-policy": Option<String>,
        external_id = "external-id": Option<String>,
        extra: Pairs,
    }
}

record! {
    /// What must not be granted, by any policy.
    Denial {
        account: Option<String>,
        role: Option<String>,
        reason: String,
        rule: String,
        extra: Pairs,
    }
}

record! {
    /// What one policy grants and denies.
    Answer {
        grants: Vec<Grant>,
        denials: Vec<Denial>,
        extra: Pairs,
    }
}
