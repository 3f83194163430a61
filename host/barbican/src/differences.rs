//! Deliberate differences from Barbican 23.0.0. Any other difference is a mistake.
//!
//! | no | Barbican | here | why, and why no client minds | test |
//! | --- | --- | --- | --- | --- |
//! | 1 | a refusal by policy is one sentence ("barbican/api/\_\_init\_\_.py", `generate_safe_exception_message`) | the sentence, and then reason, policy, rule and the decision's id | people want to know why; clients show the text and read only the status | `d01_a_refusal_says_why_and_under_which_id` |
//! | 2 | a policy that cannot be asked refuses (403) or breaks (500) | always 500, with the reason and the decision's id | who has no right and what is broken are told apart | `a_refusal_changes_nothing` |
//! | 3 | of `users` only the first item is validated; others are stored as text or end in 500 ("barbican/common/validators.py", `ACLValidator`) | every item is validated: 400 | no client means a user `1` or `null`, or one of more than 255 characters | `bodies_that_are_no_acl_are_refused_and_change_nothing` |
//! | 4 | `/acl/x`, `/payload/x`, `/metadata/{key}/x`, `/consumers/{id}/x`, `/quotas/x`, `/project-quotas/{project}/x` and `/v1/containers/{id}/x` end in 500 | 404 | they lead nowhere | `entities_go_as_recorded` |
//! | 5 | U+0000 is stored in ids and names where the database can | 400 | PostgreSQL cannot; no such user exists | `bodies_that_are_no_acl_are_refused_and_change_nothing`, `entities_that_cannot_be_kept_are_not_made` |
//! | 6 | half a surrogate pair ends in 500 | 400 | it is no text | `bodies_that_are_no_acl_are_refused_and_change_nothing` |
//! | 7 | a body nested some 1,000 levels deep ends in 500 | 400 from 101 levels on | no schema has more than five | `bodies_that_are_no_acl_are_refused_and_change_nothing` |
//! | 8 | several first writes of one ACL at once: 500 for most of them | all succeed, one after the other; a write that other processes never let through is 409 | who writes means to succeed | `sixteen_who_write_first_all_succeed_and_one_of_them_stands_whole`, `who_never_gets_a_turn_is_told_to_come_again` |
//! | 9 | no validators | `ETag` on GET of an ACL, `If-Match` on its writes (412) | an addition: who does not send it sees nothing of it | `d09_an_acl_has_a_tag_and_if_match_is_honoured` |
//! | 10 | orders | 404, with a text that says so | this is no full key manager | `d10_what_is_not_offered_is_not_there` |
//! | 11 | `name`, `alg` and `mode` of a list are patterns of SQL's `LIKE`, in the case and with the escape of the database | in any case of ASCII letters and without an escape, as on `SQLite` | both databases show the same list | `lists_go_as_recorded`, `filtered` of the vault |
//! | 12 | a time with an offset in `created`, `updated` or `expiration` is compared without the offset on `SQLite`; what is equal in `sort` comes in any order | it is that moment; what is equal comes oldest first, and nothing set before the rest | pages need an order | `d12_a_time_with_an_offset_is_that_moment`, `sorted` of the vault |
//! | 13 | a parameter that stands twice ends in 500 | 400 | it is the client's mistake | `d13_a_parameter_that_stands_twice_is_refused` |
//! | 14 | a payload asked for with `Accept: */*` is sent as `Content-Type: */*` | with the type it is stored as | `*/*` is no type | `d14_a_payload_says_what_it_is_to_whom_anything_will_do` |
//! | 15 | `transport_key_needed` ends in 500 without a plugin for it | 400 on creation, ignored on reading | there are no transport keys | `entities_go_as_recorded` |
//! | 16 | a payload that is not the base64 it says it is ends in 500 on PUT | 400 | it is the client's mistake | `entities_go_as_recorded` |
//! | 17 | pecan guesses a type from any file extension in a path | from `.json` alone; others are part of the name: 404 | no client asks for `acl.txt` | `entities_go_as_recorded` |
//! | 18 | query parameters called as Python's arguments (`self`) end in 500 | ignored, as all that are not known | they mean nothing | `entities_go_as_recorded` |
//! | 19 | `Accept` of a type unknown to Python's `mimetypes` is 406 before a secret's policy is asked | it is looked at afterwards | 406 or 415 all the same, to who may know | `entities_go_as_recorded` |
//! | 20 | a method that a payload does not have is asked of the policy, then 405 | 405 at once | there is nothing to decide | `entities_go_as_recorded` |
//! | 21 | the health check says the same in JSON or HTML; `GET /?build` tells the release; `GET /` sends `application/json-home` elsewhere | always `OK` as text; the versions document | only people ask for these | `entities_go_as_recorded` |
//! | 22 | `X-Forwarded-Proto` is copied into references as it is | only if it is letters and digits | it is the client's own text | `d22_the_forwarded_protocol_must_be_one` |
//! | 23 | a database that is away ends in 500 | 503 | trying again helps | `response::tests::a_store_that_is_away_is_503` |
//! | 24 | what `acl_only` lists comes in the order in which a join finds it | oldest first, as every list | an order that holds can be paged through | `entities_go_as_recorded` |
//! | 25 | a secret may be in any number of containers | in at most 64 of its creator's: 400 | every decision about a secret is told of these | `d25_a_secret_is_in_so_many_containers_at_most` |
//! | 26 | `user:ID`, `ROLE:reader`, `role: reader` and `role:reader@` in `users` are the ids of users, which no user has | 400 with what to write, for an entry that is not in the ACL yet | a misspelt entry lets no user in, and is noticed too late; what clients read they may write back | `d26_an_entry_that_can_name_no_principal_is_refused_and_an_old_one_stays` |
//! | 27 | `acl_only` lists what the user's id is listed on | also what another entry of the ACL opens, where the policy honours it | it lets the user read | `a_list_by_acl_shows_what_every_entry_that_counts_opens` |
//! | 28 | a `secret_ref` without a slash that is added to or removed from a container ends in 500, and so does a removal whose body does not call itself JSON | 404; 415 | it is the client's mistake | `secrets_are_added_to_a_container_and_removed_from_it`, `methods_and_types_are_looked_at_in_barbicans_order` |
//! | 29 | a container takes any number of added secrets | none beyond 1,024: 400 | every list and decision reads them | `d29_a_container_takes_so_many_secrets_at_most` |
//! | 30 | transport keys are listed as a policy allows, made by administrators, and one that is not there ends in 500 | the list is empty for every user; 404 | there are none | `there_are_no_transport_keys_and_no_further_secret_stores` |
//! | 31 | metadata for an `Accept` without JSON end in 500, after a change of one key was made | 406 | it is the client's mistake | `user_metadata_go_as_recorded` |
//! | 32 | a secret has any number of keys of metadata | none is added beyond 1,024: 400 | every list of them reads all | `d32_a_secret_has_so_many_keys_of_metadata_at_most` |
//! | 33 | one consumer by its id: 403 for nearly every user on a secret, and no document shows an id | the rule of the list is asked, then 404 | there is never such an id | `consumers_go_as_recorded` |
//! | 34 | an entity has any number of consumers, and a `resource_id` has any length | none beyond 256, and at most 1,024 characters: 400 | every document of the entity shows all | `d34_an_entity_has_so_many_consumers_at_most` |
//! | 35 | a consumer that is registered again after its removal has its old time, place and project | it is a new one | the project that registers it may remove it | `consumers_go_as_recorded` |
//! | 36 | the id of a project with quotas has any length on `SQLite` | more than 255 characters are 400 | no project has such an id | `d05_a_nul_in_a_consumer_or_a_project_is_refused` |
