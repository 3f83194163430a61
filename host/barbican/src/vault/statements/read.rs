//! Finding and listing. Each statement gives one row for each container that holds the entity, or one row in all;
//! columns come in the order in which `rows` reads them.

use portcullis_store::Sql;

/// A statement for both databases: they differ in how they make JSON of several rows.
macro_rules! json {
    ($build:ident $(, $argument:ident)*) => {
        Sql::each(
            $build!("json_group_array", "json_array" $(, $argument)*),
            $build!("json_agg", "json_build_array" $(, $argument)*)
        )
    };
}

/// The texts of a JSON list, as a subquery.
macro_rules! items {
    ("json_group_array", $value:literal) => {
        concat!("(SELECT value FROM json_each(", $value, "))")
    };
    ("json_agg", $value:literal) => {
        concat!("(SELECT value FROM json_array_elements_text(CAST(", $value, " AS JSON)) AS texts (value))")
    };
}

/// The columns of an ACL: times are null where there is none. Users come as a JSON list.
macro_rules! acl {
    ($list:tt, $acl:literal) => {
        concat!(
            $acl,
            ".project_access, ",
            $acl,
            ".created_at, ",
            $acl,
            ".updated_at,
            (SELECT CAST(",
            $list,
            "(u.user_id) AS TEXT) FROM barbican_acl_users u
              WHERE u.kind = ",
            $acl,
            ".kind AND u.entity_id = ",
            $acl,
            ".entity_id)"
        )
    };
}

/// The columns of a container. What is in it comes as a JSON list of lists.
macro_rules! container {
    ($list:tt, $array:tt) => {
        concat!(
            "c.id, c.name, c.project_id, c.creator_id, c.type, c.status, c.created_at, c.updated_at,
            (SELECT CAST(",
            $list,
            "(",
            $array,
            "(i.name, i.secret_id) ORDER BY i.position) AS TEXT)
               FROM barbican_container_secrets i WHERE i.container_id = c.id), "
        )
    };
}

/// `$held` says which containers are joined.
macro_rules! secret_columns {
    ($list:tt, $array:tt, $held:literal) => {
        concat!(
            "SELECT s.version, ", acl!($list, "a"), ",
            s.id, s.name, s.project_id, s.creator_id, s.secret_type, s.algorithm, s.bit_length, s.mode, s.status,
            s.content_type, s.expiration, s.created_at, s.updated_at, ",
            container!($list, $array), acl!($list, "ca"), "
            FROM barbican_secrets s
            LEFT JOIN barbican_acls a ON a.kind = 'secret' AND a.entity_id = s.id
            LEFT JOIN barbican_containers c ON ", $held, "
            LEFT JOIN barbican_acls ca ON ca.kind = 'container' AND ca.entity_id = c.id "
        )
    };
}

macro_rules! container_columns {
    ($list:tt, $array:tt) => {
        concat!(
            "SELECT c.version, ",
            acl!($list, "a"),
            ", ",
            container!($list, $array),
            " NULL
            FROM barbican_containers c
            LEFT JOIN barbican_acls a ON a.kind = 'container' AND a.entity_id = c.id "
        )
    };
}

/// `$2` is now.
macro_rules! find_secret {
    ($list:tt, $array:tt) => {
        concat!(
            secret_columns!(
                $list,
                $array,
                "c.creator_id = s.creator_id AND c.id IN
                    (SELECT h.container_id FROM barbican_container_secrets h WHERE h.secret_id = s.id)"
            ),
            "WHERE s.id = $1 AND (s.expiration IS NULL OR s.expiration > $2) ORDER BY c.created_at, c.id"
        )
    };
}

macro_rules! find_container {
    ($list:tt, $array:tt) => {
        concat!(container_columns!($list, $array), "WHERE c.id = $1")
    };
}

/// A pattern of SQL, in any case of ASCII letters and without an escape.
macro_rules! like {
    ("json_group_array", $column:literal, $pattern:literal) => {
        concat!("(CAST(", $pattern, " AS TEXT) IS NULL OR ", $column, " LIKE ", $pattern, ")")
    };
    ("json_agg", $column:literal, $pattern:literal) => {
        concat!(
            "(CAST(",
            $pattern,
            " AS TEXT) IS NULL OR lower(",
            $column,
            ") LIKE lower(",
            $pattern,
            " COLLATE \"C\") ESCAPE '')"
        )
    };
}

/// A time between two, which may be absent.
macro_rules! between {
    ($column:literal, $from:literal, $until:literal) => {
        concat!(
            " AND (CAST(",
            $from,
            " AS BIGINT) IS NULL OR ",
            $column,
            " >= ",
            $from,
            ")",
            " AND (CAST(",
            $until,
            " AS BIGINT) IS NULL OR ",
            $column,
            " <= ",
            $until,
            ")"
        )
    };
}

/// The rows of a list. `$1` is the project or the user, `$2` now, `$3` to `$7` what they must match, `$8` to `$13` times
/// from and until, each of these or null; `$14` further ids beside what lists the user, or null.
macro_rules! secrets_where {
    ($list:tt, of_project) => {
        concat!("l.project_id = $1 AND CAST($14 AS TEXT) IS NULL", secrets_where!($list))
    };
    ($list:tt, listed) => {
        concat!(
            "(l.id IN (SELECT u.entity_id FROM barbican_acl_users u WHERE u.kind = 'secret' AND u.user_id = $1)
              OR l.id IN ",
            items!($list, "$14"),
            ")",
            secrets_where!($list)
        )
    };
    ($list:tt) => {
        concat!(
            " AND (l.expiration IS NULL OR l.expiration > $2) AND ",
            like!($list, "l.name", "$3"),
            " AND (CAST($4 AS TEXT) IS NULL OR l.secret_type = $4) AND ",
            like!($list, "l.algorithm", "$5"),
            " AND (CAST($6 AS BIGINT) IS NULL OR l.bit_length = $6) AND ",
            like!($list, "l.mode", "$7"),
            between!("l.created_at", "$8", "$9"),
            between!("l.updated_at", "$10", "$11"),
            between!("l.expiration", "$12", "$13")
        )
    };
}

/// `$15` is how many at most, `$16` how many to pass over.
macro_rules! list_secrets {
    ($list:tt, $array:tt, $scope:ident) => {
        concat!(
            // Without their containers: these are not read, and could be a hundred times larger than the list.
            secret_columns!($list, $array, "1 = 0"),
            "WHERE s.id IN (SELECT l.id FROM barbican_secrets l WHERE ",
            secrets_where!($list, $scope),
            " ORDER BY l.created_at, l.id LIMIT $15 OFFSET $16)
            ORDER BY s.created_at, s.id"
        )
    };
}

/// One key of an order, a parameter such as `name:desc` or null, in which case all rows are equal in it.
macro_rules! sorted_by {
    ($row:literal, $key:literal) => {
        concat!(
            sorted_by!($row, $key, ":asc", " NULLS FIRST, "),
            sorted_by!($row, $key, ":desc", " DESC NULLS LAST, ")
        )
    };
    ($row:literal, $key:literal, $direction:literal, $end:literal) => {
        concat!(
            "CASE ",
            $key,
            sorted_by!($row, "name", $direction, "name" ;),
            sorted_by!($row, "algorithm", $direction, "algorithm" ;),
            sorted_by!($row, "mode", $direction, "mode" ;),
            sorted_by!($row, "secret_type", $direction, "secret_type" ;),
            sorted_by!($row, "status", $direction, "status" ;),
            " END",
            $end,
            "CASE ",
            $key,
            sorted_by!($row, "bit_length", $direction, "bit_length" ;),
            sorted_by!($row, "created", $direction, "created_at" ;),
            sorted_by!($row, "updated", $direction, "updated_at" ;),
            sorted_by!($row, "expiration", $direction, "expiration" ;),
            " END",
            $end
        )
    };
    ($row:literal, $name:literal, $direction:literal, $column:literal ;) => {
        concat!(" WHEN '", $name, $direction, "' THEN ", $row, ".", $column)
    };
}

/// All keys that there may be, `$17` to `$25`.
macro_rules! sorted_by_all {
    ($row:literal) => {
        concat!(
            sorted_by!($row, "$17"),
            sorted_by!($row, "$18"),
            sorted_by!($row, "$19"),
            sorted_by!($row, "$20"),
            sorted_by!($row, "$21"),
            sorted_by!($row, "$22"),
            sorted_by!($row, "$23"),
            sorted_by!($row, "$24"),
            sorted_by!($row, "$25")
        )
    };
}

/// The same in another order: `$17` is its only key, or the first of all. One key takes a fifth of the time of all.
macro_rules! sort_secrets {
    ($list:tt, $array:tt, of_project, one) => {
        sort_secrets!($list, $array, of_project; sorted_by!("l", "$17"), sorted_by!("s", "$17"))
    };
    ($list:tt, $array:tt, listed, one) => {
        sort_secrets!($list, $array, listed; sorted_by!("l", "$17"), sorted_by!("s", "$17"))
    };
    ($list:tt, $array:tt, of_project, all) => {
        sort_secrets!($list, $array, of_project; sorted_by_all!("l"), sorted_by_all!("s"))
    };
    ($list:tt, $array:tt, listed, all) => {
        sort_secrets!($list, $array, listed; sorted_by_all!("l"), sorted_by_all!("s"))
    };
    ($list:tt, $array:tt, $scope:ident; $of_list:expr, $of_page:expr) => {
        concat!(
            secret_columns!($list, $array, "1 = 0"),
            "WHERE s.id IN (SELECT l.id FROM barbican_secrets l WHERE ",
            secrets_where!($list, $scope),
            " ORDER BY ",
            $of_list,
            "l.created_at, l.id LIMIT $15 OFFSET $16)
            ORDER BY ",
            $of_page,
            "s.created_at, s.id"
        )
    };
}

macro_rules! count_secrets {
    ($list:tt, $array:tt, $scope:ident) => {
        concat!("SELECT COUNT(*) FROM barbican_secrets l WHERE ", secrets_where!($list, $scope))
    };
}

/// ACL entries `u` that are in the JSON list `$exact`, or begin with a text of the list `$until` and a digit.
macro_rules! entries {
    ($list:tt, $entry:literal, $exact:literal, $until:literal) => {
        concat!(
            "(",
            $entry,
            " IN ",
            items!($list, $exact),
            " OR EXISTS (SELECT 1 FROM ",
            items!($list, $until),
            " p WHERE ",
            $entry,
            " >= p.value AND ",
            $entry,
            " < p.value || ':'))"
        )
    };
}

/// `$1` is now; then the entries that count everywhere, the roles that count in the project `$6`, and the limit.
macro_rules! listed_otherwise {
    ($list:tt, $array:tt) => {
        concat!(
            "SELECT l.id FROM barbican_secrets l
              WHERE (l.expiration IS NULL OR l.expiration > $1)
                AND (l.id IN (SELECT u.entity_id FROM barbican_acl_users u WHERE u.kind = 'secret' AND ",
            entries!($list, "u.user_id", "$2", "$3"),
            ")
                  OR (l.project_id = $6 AND l.id IN (SELECT u.entity_id FROM barbican_acl_users u
                       WHERE u.kind = 'secret' AND u.user_id >= 'role:' AND u.user_id < 'role;' AND ",
            entries!($list, "lower(u.user_id)", "$4", "$5"),
            ")))
              ORDER BY CASE WHEN l.project_id = $6 THEN 0 ELSE 1 END, l.created_at, l.id LIMIT $7"
        )
    };
}

/// `$1` is the project or the user, `$2` and `$3` what they must match, or null; `$4` further ids beside what lists the
/// user.
macro_rules! containers_where {
    ($list:tt, of_project) => {
        concat!("l.project_id = $1", containers_where!($list))
    };
    ($list:tt, listed) => {
        concat!(
            "(l.id IN (SELECT u.entity_id FROM barbican_acl_users u WHERE u.kind = 'container' AND u.user_id = $1)
              OR l.id IN ",
            items!($list, "$4"),
            ")",
            containers_where!($list)
        )
    };
    ($list:tt) => {
        concat!(" AND ", like!($list, "l.name", "$2"), " AND (CAST($3 AS TEXT) IS NULL OR l.type = $3)")
    };
}

macro_rules! list_containers {
    ($list:tt, $array:tt, of_project) => {
        list_containers!($list, $array, of_project, "LIMIT $4 OFFSET $5")
    };
    ($list:tt, $array:tt, listed) => {
        list_containers!($list, $array, listed, "LIMIT $5 OFFSET $6")
    };
    ($list:tt, $array:tt, $scope:ident, $page:literal) => {
        concat!(
            container_columns!($list, $array),
            "WHERE c.id IN (SELECT l.id FROM barbican_containers l WHERE ",
            containers_where!($list, $scope),
            " ORDER BY l.created_at, l.id ",
            $page,
            ")
            ORDER BY c.created_at, c.id"
        )
    };
}

macro_rules! count_containers {
    ($list:tt, $array:tt, $scope:ident) => {
        concat!("SELECT COUNT(*) FROM barbican_containers l WHERE ", containers_where!($list, $scope))
    };
}

pub(in crate::vault) const FIND_SECRET: Sql = json!(find_secret);
pub(in crate::vault) const FIND_CONTAINER: Sql = json!(find_container);
pub(in crate::vault) const LIST_SECRETS_OF_PROJECT: Sql = json!(list_secrets, of_project);
pub(in crate::vault) const LIST_SECRETS_LISTED: Sql = json!(list_secrets, listed);
pub(in crate::vault) const SORT_SECRETS_OF_PROJECT: [Sql; 2] =
    [json!(sort_secrets, of_project, one), json!(sort_secrets, of_project, all)];
pub(in crate::vault) const SORT_SECRETS_LISTED: [Sql; 2] =
    [json!(sort_secrets, listed, one), json!(sort_secrets, listed, all)];
pub(in crate::vault) const COUNT_SECRETS_OF_PROJECT: Sql = json!(count_secrets, of_project);
pub(in crate::vault) const COUNT_SECRETS_LISTED: Sql = json!(count_secrets, listed);
pub(in crate::vault) const LIST_CONTAINERS_OF_PROJECT: Sql = json!(list_containers, of_project);
pub(in crate::vault) const LIST_CONTAINERS_LISTED: Sql = json!(list_containers, listed);
pub(in crate::vault) const COUNT_CONTAINERS_OF_PROJECT: Sql = json!(count_containers, of_project);
pub(in crate::vault) const COUNT_CONTAINERS_LISTED: Sql = json!(count_containers, listed);
pub(in crate::vault) const LISTED_OTHERWISE: Sql = json!(listed_otherwise);
