//! Which route of the API a path is. Slashes at the end count, names are compared as they are.

use crate::path;

/// What a path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/status`
    Status,
    /// `/account`
    List,
    /// `/account/{account}/{role}` and what may follow.
    Role { account: String, role: String, wanted: Wanted },
    /// `.../meta-data/iam/security-credentials/`; `versioned` as SDKs ask, not as AFP's own clients do.
    MetadataRole { versioned: bool },
    /// `.../meta-data/iam/security-credentials/{role}`
    MetadataCredentials { role: String, versioned: bool },
    /// `.../meta-data/iam/info`
    MetadataInfo,
    /// `.../meta-data/placement/region` and others.
    MetadataFact(Fact),
    /// `.../api/token`
    MetadataToken,
    /// `/requests`: requests for access.
    Requests,
    /// `/requests/{id}/approve` and `.../deny`.
    RequestStep { id: String, approve: bool },
    /// The page for browsers, `/console`.
    Page,
    /// What its buttons ask for: a console.
    PageOpen,
    /// What its buttons ask for: credentials.
    PageCredentials,
    /// The page of requests for access.
    PageRequests,
    /// Its form for a new one.
    PageRequest,
    /// Its buttons.
    PageDecide,
    /// The link that leads to the OpenID provider.
    PageSignIn,
    /// Where the provider sends the browser back to.
    PageCallback,
    /// The button that ends the session.
    PageSignOut,
    /// What is seen after that.
    PageSignedOut,
    /// The page on which a user allows a program, `/console/device`.
    PageDevice,
    /// Its button.
    PageAllow,
    /// AWS's SSO portal and its OIDC service, `/sso/`.
    Sso(SsoRoute),
    /// `/console/`, as people type it: the page is one step up.
    ToPage,
}

/// What a request wants of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Credentials and a console URL.
    Both,
    Credentials,
    ConsoleUrl,
}

/// What `aws sso login` and profiles with `sso_session` ask for, by the paths of AWS's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SsoRoute {
    Register,
    DeviceAuthorization,
    Token,
    Accounts,
    Roles,
    Credentials,
    Logout,
}

impl SsoRoute {
    fn of(segments: &[&str]) -> Option<Self> {
        Some(match segments {
            ["client", "register"] => Self::Register,
            ["device_authorization"] => Self::DeviceAuthorization,
            ["token"] => Self::Token,
            ["assignment", "accounts"] => Self::Accounts,
            ["assignment", "roles"] => Self::Roles,
            ["federation", "credentials"] => Self::Credentials,
            ["logout"] => Self::Logout,
            _ => return None,
        })
    }

    /// Whether it is for a user, with a token.
    pub(crate) fn is_portal(self) -> bool {
        matches!(self, Self::Accounts | Self::Roles | Self::Credentials)
    }
}

/// A fact about the machine, for which no role is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    Region,
    AvailabilityZone,
    InstanceId,
    /// The identity document, without AWS's signature.
    Document,
}

/// The first of AWS's versions whose metadata know `iam/`.
const FIRST_VERSION: &str = "2012-01-12";

impl Route {
    /// The route of what follows a mount's prefix.
    pub(crate) fn of(rest: &str) -> Option<Self> {
        let segments = path::segments(rest)?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["status"] => Some(Self::Status),
            ["account"] => Some(Self::List),
            ["account", account, role @ ..] => Self::role(account, role),
            ["requests"] => Some(Self::Requests),
            ["requests", id, step @ ("approve" | "deny")] if !id.is_empty() => {
                Some(Self::RequestStep { id: (*id).to_owned(), approve: *step == "approve" })
            }
            ["console"] => Some(Self::Page),
            ["console", ""] => Some(Self::ToPage),
            ["console", "open"] => Some(Self::PageOpen),
            ["console", "credentials"] => Some(Self::PageCredentials),
            ["meta-data", "iam", rest @ ..] => Self::metadata(rest, false),
            ["console", "requests"] => Some(Self::PageRequests),
            ["console", "request"] => Some(Self::PageRequest),
            ["console", "decide"] => Some(Self::PageDecide),
            ["console", "sign-in"] => Some(Self::PageSignIn),
            ["console", "callback"] => Some(Self::PageCallback),
            ["console", "sign-out"] => Some(Self::PageSignOut),
            ["console", "signed-out"] => Some(Self::PageSignedOut),
            ["console", "device"] => Some(Self::PageDevice),
            ["console", "allow"] => Some(Self::PageAllow),
            ["sso", rest @ ..] => SsoRoute::of(rest).map(Self::Sso),
            ["api", "token"] => Some(Self::MetadataToken),
            [version, "api", "token"] if is_version(version) => Some(Self::MetadataToken),
            [version, "meta-data", "iam", rest @ ..] if is_version(version) => Self::metadata(rest, true),
            [version, rest @ ..] if is_version(version) => Self::fact(rest),
            _ => None,
        }
    }

    /// The last of at least two segments may say what is wanted; the others are the role with its path.
    fn role(account: &str, segments: &[&str]) -> Option<Self> {
        let (role, wanted) = match segments {
            [] => return None,
            [role @ .., "credentials"] if !role.is_empty() => (role, Wanted::Credentials),
            [role @ .., "consoleurl"] if !role.is_empty() => (role, Wanted::ConsoleUrl),
            role => (role, Wanted::Both),
        };
        if account.is_empty() || role.iter().any(|segment| segment.is_empty()) {
            return None;
        }
        Some(Self::Role { account: account.into(), role: role.join("/"), wanted })
    }

    fn metadata(rest: &[&str], versioned: bool) -> Option<Self> {
        match rest {
            ["info"] => Some(Self::MetadataInfo),
            ["security-credentials"] if versioned => Some(Self::MetadataRole { versioned }),
            ["security-credentials", ""] => Some(Self::MetadataRole { versioned }),
            ["security-credentials", role @ ..]
                if !role.is_empty() && role.iter().all(|part| !part.is_empty()) =>
            {
                Some(Self::MetadataCredentials { role: role.join("/"), versioned })
            }
            _ => None,
        }
    }

    /// botocore ends paths with a slash.
    fn fact(rest: &[&str]) -> Option<Self> {
        let fact = match rest.strip_suffix(&[""]).unwrap_or(rest) {
            ["meta-data", "placement", "region"] => Fact::Region,
            ["meta-data", "placement", "availability-zone"] => Fact::AvailabilityZone,
            ["meta-data", "instance-id"] => Fact::InstanceId,
            ["dynamic", "instance-identity", "document"] => Fact::Document,
            _ => return None,
        };
        Some(Self::MetadataFact(fact))
    }

    /// Whether only a mount that serves metadata for SDKs has it.
    pub(crate) fn is_for_sdks(&self) -> bool {
        matches!(
            self,
            Self::MetadataToken
                | Self::MetadataInfo
                | Self::MetadataFact(_)
                | Self::MetadataRole { versioned: true }
                | Self::MetadataCredentials { versioned: true, .. }
        )
    }

    /// Whether only a mount whose users may request roles has it.
    pub(crate) fn is_for_requests(&self) -> bool {
        matches!(
            self,
            Self::Requests
                | Self::RequestStep { .. }
                | Self::PageRequests
                | Self::PageRequest
                | Self::PageDecide
        )
    }

    /// Whether only a mount with sign-in on its page has it.
    pub(crate) fn is_for_sign_in(&self) -> bool {
        self.is_sign_in() || matches!(self, Self::PageDevice | Self::PageAllow | Self::Sso(_))
    }

    /// Whether it leads to the OpenID provider or from it, and is for browsers without a session too.
    pub(crate) fn is_sign_in(&self) -> bool {
        matches!(self, Self::PageSignIn | Self::PageCallback | Self::PageSignOut | Self::PageSignedOut)
    }

    /// Whether it tells an instance about itself.
    pub(crate) fn is_metadata(&self) -> bool {
        self.is_for_sdks() || matches!(self, Self::MetadataRole { .. } | Self::MetadataCredentials { .. })
    }

    /// Whether people see it in a browser.
    pub(crate) fn is_page(&self) -> bool {
        matches!(
            self,
            Self::Page
                | Self::PageOpen
                | Self::PageCredentials
                | Self::PageRequests
                | Self::PageRequest
                | Self::PageDecide
                | Self::PageDevice
                | Self::PageAllow
        ) || self.is_sign_in()
    }

    /// The methods it has, for `Allow`.
    pub(crate) fn methods(&self) -> &'static str {
        match self {
            Self::MetadataToken => "PUT",
            Self::PageOpen
            | Self::PageCredentials
            | Self::PageRequest
            | Self::PageDecide
            | Self::PageSignOut
            | Self::PageAllow
            | Self::RequestStep { .. } => "POST",
            Self::Sso(route) if !route.is_portal() => "POST",
            Self::Requests => "GET, HEAD, POST",
            _ => "GET, HEAD",
        }
    }
}

/// `latest`, or the date of a version that has roles.
pub(crate) fn is_version(text: &str) -> bool {
    let is_date = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    text == "latest" || (is_date && text >= FIRST_VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "it stands beside paths that lead nowhere")]
    fn role(account: &str, role: &str, wanted: Wanted) -> Option<Route> {
        Some(Route::Role { account: account.into(), role: role.into(), wanted })
    }

    #[test]
    fn paths_lead_where_they_lead_in_afp() {
        use Wanted::{Both, ConsoleUrl, Credentials};
        let meta = |role: &str, versioned| Some(Route::MetadataCredentials { role: role.into(), versioned });
        for (path, wanted) in [
            ("/status", Some(Route::Status)),
            ("/status/", None),
            ("/account", Some(Route::List)),
            ("//account", Some(Route::List)),
            ("/account/", None),
            ("/account/A", None),
            ("/account/A/", None),
            ("/account/A/R", role("A", "R", Both)),
            ("/account/A/R/", None),
            ("/account//R", None),
            ("/account/A/R/credentials", role("A", "R", Credentials)),
            ("/account/A/R/consoleurl", role("A", "R", ConsoleUrl)),
            ("/account/A/R/credentials/", None),
            ("/account/a%20b/c+d", role("a b", "c+d", Both)),
            ("/account/A/credentials", role("A", "credentials", Both)),
            ("/account/A/team/x", role("A", "team/x", Both)),
            ("/account/A/team%2Fx", role("A", "team/x", Both)),
            ("/account/A/team/x/consoleurl", role("A", "team/x", ConsoleUrl)),
            ("/account/%ff/R", None),
            ("/Account", None),
            ("", None),
            ("/", None),
            ("/console/", Some(Route::ToPage)),
            ("/meta-data/iam/security-credentials/", Some(Route::MetadataRole { versioned: false })),
            ("/meta-data/iam/security-credentials", None),
            ("/meta-data/iam/security-credentials/R", meta("R", false)),
            ("/meta-data/iam/security-credentials/R/", None),
            ("/latest/meta-data/iam/security-credentials", Some(Route::MetadataRole { versioned: true })),
            (
                "/2012-01-12/meta-data/iam/security-credentials/",
                Some(Route::MetadataRole { versioned: true }),
            ),
            ("/2011-05-01/meta-data/iam/security-credentials/", None),
            ("/20120112/meta-data/iam/security-credentials/", None),
            ("/latest/meta-data/iam/security-credentials/team/x", meta("team/x", true)),
            ("/latest/meta-data/iam/info", Some(Route::MetadataInfo)),
            ("/latest/meta-data/placement/region", Some(Route::MetadataFact(Fact::Region))),
            (
                "/latest/meta-data/placement/availability-zone/",
                Some(Route::MetadataFact(Fact::AvailabilityZone)),
            ),
            ("/2016-09-02/meta-data/instance-id", Some(Route::MetadataFact(Fact::InstanceId))),
            ("/latest/dynamic/instance-identity/document", Some(Route::MetadataFact(Fact::Document))),
            ("/latest/dynamic/instance-identity/document//", None),
            ("/latest/dynamic/instance-identity/pkcs7", None),
            ("/latest", None),
            ("/latest/", None),
            ("/meta-data/placement/region", None),
            ("/latest/api/token", Some(Route::MetadataToken)),
            ("/api/token", Some(Route::MetadataToken)),
            ("/requests", Some(Route::Requests)),
            ("/requests/", None),
            ("/requests/7f/approve", Some(Route::RequestStep { id: "7f".into(), approve: true })),
            ("/requests/7f/deny", Some(Route::RequestStep { id: "7f".into(), approve: false })),
            ("/requests//deny", None),
            ("/requests/7f/other", None),
            ("/console", Some(Route::Page)),
            ("/console/requests", Some(Route::PageRequests)),
            ("/console/request", Some(Route::PageRequest)),
            ("/console/decide", Some(Route::PageDecide)),
            ("/console/open", Some(Route::PageOpen)),
            ("/console/credentials", Some(Route::PageCredentials)),
            ("/console/sign-in", Some(Route::PageSignIn)),
            ("/console/callback", Some(Route::PageCallback)),
            ("/console/sign-out", Some(Route::PageSignOut)),
            ("/console/signed-out", Some(Route::PageSignedOut)),
            ("/console/sign-in/", None),
            ("/console/device", Some(Route::PageDevice)),
            ("/console/allow", Some(Route::PageAllow)),
            ("/sso/client/register", Some(Route::Sso(SsoRoute::Register))),
            ("/sso/device_authorization", Some(Route::Sso(SsoRoute::DeviceAuthorization))),
            ("/sso/token", Some(Route::Sso(SsoRoute::Token))),
            ("/sso/assignment/accounts", Some(Route::Sso(SsoRoute::Accounts))),
            ("/sso/assignment/roles", Some(Route::Sso(SsoRoute::Roles))),
            ("/sso/federation/credentials", Some(Route::Sso(SsoRoute::Credentials))),
            ("/sso/logout", Some(Route::Sso(SsoRoute::Logout))),
            ("/sso", None),
            ("/sso/token/", None),
        ] {
            assert_eq!(Route::of(path), wanted, "{path}");
        }
    }
}
