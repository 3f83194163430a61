//! The federation API: which AWS accounts and roles a user may use, and short-lived credentials for them.
//!
//! It speaks the API of the AWS Federation Proxy (AFP), and to AWS's SDKs the instance metadata service and the
//! protocol of container credentials.
//!
//! * [`aws`]: what is asked of AWS: sessions, credentials, console URLs
//! * [`Mount`], [`Mounts`]: the same API under several prefixes
//! * [`decide`]: the trait by which policies are asked
//! * [`api`]: from a request to its response
//! * `access`: requests for access, in the store
//! * `path`, `route`: what a path asks for
//! * `sign_in`: sign-in on the page, at an OpenID provider
//! * `guard`: refuse proxies, browsers, and host names that a foreign DNS server made up
//! * `metadata`: how a mount serves SDKs, and tokens of IMDSv2
//! * `page`: the page for browsers
//! * `answer`: the one place that turns an outcome into what clients read
//! * [`differences`]: where it differs from AFP on purpose
//! * [`import`](mod@import) (feature `import`): AFP's own configuration, turned into ours
//!
//! It knows no other API.

mod access;
pub mod api;
pub mod aws;
pub mod decide;
pub mod differences;
#[cfg(feature = "import")]
pub mod import;
mod metadata;
mod mounts;
mod origin_checks;
mod page;
mod path;
mod response;
mod route;
mod sign_in;

pub use access::AccessRequests;
pub use metadata::Metadata;
pub use mounts::{Mount, Mounts, RequestLimits, claims};
pub use sign_in::{BrowserSignIn, BrowserSignInError, BrowserSignInOptions};
