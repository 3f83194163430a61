//! Deliberate differences from AFP (`afp-core`, its last state of 2017). Any other difference is a mistake. Tests
//! without a path are in `tests/integration/api/differences.rs`.
//!
//! | no | AFP | here | why, and why no client minds | test |
//! | --- | --- | --- | --- | --- |
//! | 1 | `message` of an error is one of four fixed texts (commit `bf59f24`) | the text, and then reason, policy, rule and the decision's id; `code` stands beside it | people want to know why; AFP's clients show `message`, AWS's read `code` | `d01_a_refusal_says_why_and_under_which_id` |
//! | 2 | STS answering 403 is "Permission Denied", also if it is our own keys that are refused; to a machine it is an empty role | only `AccessDenied` is; our own keys are 502 | the user has done nothing wrong, and the operator must hear of it | `d02_our_own_keys_are_not_the_users_fault` |
//! | 3 | `Expiration` is what STS wrote, fractions included | whole seconds | `afp-cli` and botocore read no fractions | `d03_times_have_whole_seconds` |
//! | 4 | the sign-in token stands in the URL as it is | percent-encoded | RFC 3986; a `+` or `&` in it breaks the URL | `d04_the_sign_in_token_is_encoded` |
//! | 5 | only the flat keys, and not those of its own API.rst | both at `/account/A/R`, and at `/credentials` with `?documented` | clients written after the documentation work too, and the AWS SDK for JavaScript v2 cannot read them at `/credentials` | `d05_answers_hold_the_documented_keys_too` |
//! | 6 | a wrong method is a page of HTML, `Allow: GET` | JSON as every error, `Allow: GET, HEAD` | HEAD was served always | `d06_a_wrong_method_is_told_in_json` |
//! | 7 | names are latin-1, so that no name outside ASCII matches anything | UTF-8; `X-Username` is percent-encoded | a header holds ASCII | `d07_names_are_utf_8_and_shown_percent_encoded` |
//! | 8 | the session is called as the user is, and STS refuses `DOM\bob`, `::1`, short and long names | such names are made fit, with a piece of their digest | they work now | `d08_names_that_sts_refuses_are_made_fit` |
//! | 9 | STS is asked for each request | credentials are kept in memory, and handed out to people with at least half of their life left, to machines with 20 minutes, with less only while STS is away; the policy is asked each time | SDKs wait one second | `d09_sts_is_asked_once_for_many`, `failures::a_revoked_grant_is_refused_although_its_credentials_are_cached` |
//! | 10 | credentials and console are one permission | `/account/A/R` asks for both | a policy may tell them apart | `d10_who_gets_both_may_have_both` |
//! | 11 | a request without a user is 500; an empty one is a user called "" | 401, with a challenge where there is one; 503 if the identity source cannot be asked | an empty name is no user | `failures::who_is_nobody_gets_nothing` |
//! | 12 | a role with a path is listed and can never be had | `team/x` and `team%2Fx` | they are AWS's own names | `paths::paths_as_afp_takes_them` |
//! | 13 | an id is what YAML makes of it: a number in the JSON, and another account's where it looks octal | twelve digits, a text in the JSON; imported as it was written | it is the account that was meant | `import/tests/good.rs`, `ids_are_the_digits_that_stand_there` |
//! | 14 | the sign-in endpoint asks for 12 hours with any keys | only with long-term keys | AWS refuses it otherwise | `tests/integration/aws/console.rs`, `twelve_hours_only_where_aws_allows_them` |
//! | 15 | nothing ends a request to AWS | 5 seconds, by default | 502 at once is better than a browser that waits | `tests/integration/aws/trouble.rs`, `silence_ends_in_time` |
//! | 16 | reverse DNS alone names a machine | the name must lead back to the address | the owner of an address can give it any name | `host/identity/tests/dns.rs` |
//! | 17 | `$` matches before a line feed at the end, and a group whose account or role is empty grants that | only at the end; grants nothing | no name is empty or ends in a line feed | `policies/aws-roles/cases.json`, "groups: a trailing line feed is not accepted", "groups: an empty role is none" |
//! | 18 | a machine may call the host by any name, and through a proxy | by address, `localhost` or one of the mount's `hosts`, and itself | a client that is known by the address alone must not be made to ask for others (DNS rebinding) | `api/page/tests.rs`, `a_client_known_by_address_calls_us_by_our_name` |
//! | 19 | LDAP filters hold the user's name as it is | escaped | it was an injection | `host/identity/tests/ldap.rs` |
//! | 20 | a policy ("provider") that breaks is 404 or 500 | 500, with the decision's id | one thing, one answer | `failures::a_policy_that_cannot_answer_grants_nothing` |
//! | 21 | roles come in any order, JSON with spaces | in order, without | no client reads either | `cases::accounts_and_roles_are_listed_with_and_without_ids` |
//! | 22 | the configuration is read anew for each request | at the start and by SIGHUP, after it was tried | a bad edit does not stop everybody | `tests/e2e/federation/cached.rs`, `what_is_revoked_is_refused_at_once_though_it_is_cached` |
//! | 23 | a granted account that has no id is listed, and its roles are 404 | it is not listed, and its roles are 403 | what cannot be had is not offered | `tests/e2e/federation/trouble.rs` |
//! | 24 | a machine whose name is in no allowed domain is 403, one whose name has no dot or cannot be found is 500 | an empty list, and 404 as metadata; 503 while the DNS cannot be asked | it is granted nothing, as anybody else | `policies/aws-roles/cases.json`, "hosts: no dot in the name" |
//! | 25 | members of the system's groups are compared in either case, those of a directory as it likes | exactly | two spellings are two users to a policy, and a denial of one must not be got around by the other | `host/identity/tests/ldap.rs`, `who_is_in_which_group` |
//! | 26 | a group whose role AWS can have no such name for is listed, and its role fails | it is not listed, and its role is 403; the log says once which group | what cannot be had is not offered | `decide.rs`, `a_role_that_no_session_can_have_is_not_offered` |
