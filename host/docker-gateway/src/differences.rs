//! Deliberate differences from Portainer 2.23 (portainer/portainer cc75167). Any other difference is a mistake.
//!
//! | no | Portainer | here | why | test |
//! | --- | --- | --- | --- | --- |
//! | 1 | the role in a token counts in the proxy (`jwt`, `security/bouncer.go`) | role and grants are read from the store for each request; a change of role, name or password refuses older tokens | a demotion holds at once | `tokens_that_are_refused`, `changes_of_a_user_end_the_tokens` |
//! | 2 | tokens are signed with a key of the process; revocations are in memory | both are in the store | a restart logs no user out, and brings no revoked token back | `what_was_acknowledged_is_there_after_a_restart` |
//! | 3 | a token in `?token=` or `?X-API-KEY=` wins over the header (`security/bouncer.go`) | 401 | query strings are logged | `where_credentials_may_be` |
//! | 4 | `POST /auth` sets a cookie, and cookies are read | neither | without cookies no page of another origin can use a session | `where_credentials_may_be` |
//! | 5 | `Authorization` may hold a bare token | `Bearer` is needed | one way to read the header | `where_credentials_may_be` |
//! | 6 | `POST /auth/logout` looks at the cookie alone, and crashes without one | revokes the bearer token, expired or not | clients of the API have no cookie | `a_token_is_issued_and_revoked` |
//! | 7 | more than 10 logins a second ban an address for an hour: 403 | failures are limited per name and address: 429 with `Retry-After`, "Access denied" | a client knows when to try again; a flood on a name does not lock it out elsewhere | `failed_logins_are_limited_per_name_and_address` |
//! | 8 | user names are compared without regard to case | they are compared exactly; two may not differ in case alone | policies see one spelling | `logins_that_fail`, `users_are_made_changed_and_deleted` |
//! | 9 | of a JSON key that occurs twice the last one counts | 400 | two readers could read two values | `ids_and_bodies_that_cannot_be_read_are_refused` |
//! | 10 | `POST /endpoints` takes forms alone, and contacts the engine | JSON too; the engine is not contacted | an engine may be down when it is registered | `forms_are_read_too` |
//! | 11 | any URL of an engine | only those that the operator allows: 403 | a metadata service is no engine | `endpoints_that_cannot_be_made` |
//! | 12 | standard users see other users, and change their own name | they see the own account, and change its password | names are what policies decide by | `users_are_made_changed_and_deleted` |
//! | 13 | a registry of another user's grant is replaced by empty credentials | unknown 404, not granted 403; granted on an endpoint that is not granted 403 | the cause is told before the engine is asked | `registries_are_made_granted_and_deleted` |
//! | 14 | after five minutes without an administrator every call is 303 | only `POST /users/admin/init` is refused, 403 | other calls have no user yet, and are 401 | `the_operator_may_make_the_first_administrator_at_any_time` |
//! | 15 | teams, groups of endpoints, Edge, agents, Kubernetes, stacks, settings, ECR | 404, or 400 for such types | this is a gateway to Docker engines | `other_paths_and_methods_are_errors_in_json` |
//! | 16 | `lastUsed` of an API key is written with each request | always 0 | a request that reads should not write | `api_keys_are_made_used_and_deleted` |
