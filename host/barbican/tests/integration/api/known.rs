//! Which recorded exchanges go otherwise here on purpose, and the number of the difference in
//! `portcullis_barbican::differences`.

/// Recorded exchanges of `golden.jsonl` that go otherwise here, with the number of the difference.
pub const GOLDEN: &[(i64, u8)] = &[
    (29, 4),
    (140, 3),
    (141, 3),
    (142, 3),
    (143, 3),
    (144, 3),
    (145, 3),
    (150, 3),
    (151, 3),
    (154, 3),
    (155, 3),
    (160, 5),
    (161, 5),
    (174, 6),
    (181, 7),
    (224, 3),
    (225, 3),
    (226, 3),
    (227, 3),
    (238, 3),
    (239, 3),
    (300, 4),
];

/// The same of `entities.jsonl`, by name.
pub const ENTITIES: &[(&str, u8)] = &[
    ("payload: extra", 4),
    ("container: sub x", 4),
    ("routes: orders", 10),
    ("list: ?limit=1&limit=2", 13),
    ("list: ?name=n1&name=n2", 13),
    ("payload: accept */*", 14),
    ("payload: binary, accept */*", 14),
    ("put: octet: got any", 14),
    ("put: octet base64: got any", 14),
    ("put: octet base64 upper: got any", 14),
    ("put: charset: got any", 14),
    ("put: text base64: got any", 14),
    ("put: text gzip: got any", 14),
    ("put: text blanks: got any", 14),
    ("put: charset latin: got any", 14),
    ("create: transport key needed", 15),
    ("get: transport key needed", 15),
    ("put: octet bad base64", 16),
    ("get: .txt", 17),
    ("acl: txt", 17),
    ("acl: xml", 17),
    ("acl: GET self query", 18),
    ("put: accept odd", 19),
    ("root: application/json-home", 21),
    ("health: json", 21),
    ("list: ?acl_only=TrUe", 24),
    ("list: ?acl_only=true&limit=1", 24),
];

/// The same of `metadata.jsonl`.
pub const METADATA: &[(&str, u8)] = &[
    ("meta: accept text", 31),
    ("key: put accept text", 31),
    ("key: get below", 4),
    ("key: get below slash", 4),
    ("key: put below", 4),
    ("key: delete below", 4),
    ("meta: container", 4),
    ("key: get txt", 17),
];

/// The same of `consumers.jsonl`.
pub const CONSUMERS: &[(&str, u8)] = &[
    ("cc: below", 4),
    ("sc: below", 4),
    ("cc: got limit twice", 13),
    ("sc: got limit twice", 13),
    ("sc: one by id", 33),
    ("sc: query one", 33),
    ("cc who open admin_b one", 33),
    ("sc who open admin_b one", 33),
    ("sc who open owner_a one", 33),
    ("cc who private admin_b one", 33),
    ("sc who private admin_b one", 33),
    ("sc who private owner_a one", 33),
    ("cc who listed admin_b one", 33),
    ("sc who listed admin_b one", 33),
    ("sc who listed owner_a one", 33),
    ("sc who open member_a one", 33),
    ("sc who listed member_a one", 33),
    ("sc who listed observer_a one", 33),
    ("sc who listed member_b one", 33),
    ("sc who listed reader_b one", 33),
    ("cc: add again", 35),
    ("sc: add again", 35),
    ("sc: add again got", 35),
    ("cc who open member_a owner posts", 35),
    ("cc who open admin_a owner posts", 35),
    ("cc who private owner_a post", 35),
    ("cc who private owner_a owner posts", 35),
    ("cc who listed owner_a post", 35),
    ("cc who listed owner_a owner posts", 35),
    ("cc who listed member_a owner posts", 35),
    ("cc who listed admin_a owner posts", 35),
    ("sc who open member_a owner posts", 35),
    ("sc who open admin_a owner posts", 35),
    ("sc who private owner_a post", 35),
    ("sc who private owner_a get", 35),
    ("sc who private owner_a owner posts", 35),
    ("sc who listed owner_a post", 35),
    ("sc who listed owner_a get", 35),
    ("sc who listed owner_a owner posts", 35),
    ("sc who listed member_a owner posts", 35),
    ("sc who listed admin_a owner posts", 35),
];

/// The same of `lists.jsonl`.
pub const LISTS: &[(&str, u8)] = &[
    ("list: ?created=gt:2020-01-01&created=lt:2100-01-01", 13),
    ("list: ?sort=name&sort=mode", 13),
    ("list: ?limit=100&sort=created&expiration=2090-01-01T02:00:00%2B02:00", 12),
    ("list: ?limit=100&sort=created&expiration=lt:2090-01-01T02:00:00%2B02:00", 12),
];

/// The same of `quotas.jsonl`.
pub const QUOTAS: &[(&str, u8)] = &[
    ("q: below", 4),
    ("pq: below", 4),
    ("pq: put below", 4),
    ("pq: below delete", 4),
    ("pq: list twice", 13),
];
