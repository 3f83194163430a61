//! Where this door does otherwise than AFP (`afp-core`, its last state of 2017), on purpose. Whatever else differs is a
//! mistake. Tests without a path are in `tests/door/differences.rs`.
//!
//! | no | AFP | here | why, and why no client minds | test |
//! | --- | --- | --- | --- | --- |
//! | 1 | `message` of an error is one of four fixed texts (commit `bf59f24`) | the text, and then reason, policy, rule and the decision's id; `code` stands beside it | people want to know why; AFP's clients show `message`, AWS's read `code` | `d01_a_refusal_says_why_and_under_which_id` |
//! | 2 | STS answering 403 is "Permission Denied", also if it is our own keys that are refused; to a machine it is an empty role | only `AccessDenied` is; our own keys are 502 | the user has done nothing wrong, and the operator must hear of it | `d02_our_own_keys_are_not_the_users_fault` |
//! | 3 | `Expiration` is what STS wrote, fractions included | whole seconds | `afp-cli` and botocore read no fractions | `d03_times_have_whole_seconds` |
//! | 4 | the sign-in token stands in the URL as it is | percent-encoded | RFC 3986; a `+` or `&` in it breaks the URL | `d04_the_sign_in_token_is_encoded` |
//! | 5 | only the flat keys, and not those of its own API.rst | both | clients written after the documentation work too | `d05_answers_hold_the_documented_keys_too` |
//! | 6 | a wrong method is a page of HTML, `Allow: GET` | JSON as every error, `Allow: GET, HEAD` | HEAD was served always | `d06_a_wrong_method_is_told_in_json` |
//! | 7 | names are latin-1, so that no name outside ASCII matches anything | UTF-8; `X-Username` is percent-encoded | a header holds ASCII | `d07_names_are_utf_8_and_shown_percent_encoded` |
//! | 8 | the session is called as the user is, and STS refuses `DOM\bob`, `::1`, short and long names | such names are made fit, with a piece of their digest | they work now | `d08_names_that_sts_refuses_are_made_fit` |
//! | 9 | STS is asked for each request | credentials are kept in memory while they are good; the policy is asked each time | SDKs wait one second | `d09_sts_is_asked_once_for_many`, `failures::a_revoked_grant_is_refused_although_its_credentials_are_cached` |
//! | 10 | credentials and console are one permission | `/account/A/R` asks for both | a policy may tell them apart | `d10_who_gets_both_may_have_both` |
//! | 11 | a request without a user is 500; an empty one is a user called "" | 401, with a challenge where there is one; 503 if nobody can tell at the moment | nobody is no user | `failures::who_is_nobody_gets_nothing` |
//! | 12 | a role with a path is listed and can never be had | `team/x` and `team%2Fx` | they are AWS's own names | `paths::paths_as_afp_takes_them` |
//! | 13 | an id of twelve digits that YAML reads as octal is another account's | refused, or read as it was written | it is the account that was meant | `import` |
//! | 14 | the sign-in endpoint asks for 12 hours whatever keys there are | only with long-term keys | AWS refuses it otherwise | `aws` |
//! | 15 | nothing ends a question to AWS | 5 seconds, by default | 502 at once is better than a browser that waits | `aws` |
//! | 16 | reverse DNS alone names a machine | the name must lead back to the address | whoever owns an address can give it any name | `host/identity/tests/dns.rs` |
//! | 17 | `$` matches before a line feed at the end | only at the end | no group's name ends in one | `policies/aws-roles` |
//! | 18 | a group whose account or role is empty grants that | grants nothing | no account is called "" | `policies/aws-roles` |
//! | 19 | LDAP filters hold the user's name as it is | escaped | it was an injection | `host/identity/tests/ldap.rs` |
//! | 20 | a policy ("provider") that breaks is 404 or 500 | 500, with the decision's id | one thing, one answer | `failures::a_policy_that_cannot_answer_grants_nothing` |
//! | 21 | roles come in any order, JSON with spaces | in order, without | no client reads either | `cases::accounts_and_roles_are_listed_with_and_without_ids` |
//! | 22 | the configuration is read anew for each request | at the start and by SIGHUP, after it was tried | a bad edit does not stop everybody | `tests/e2e/federation` |
