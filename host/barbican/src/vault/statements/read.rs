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

/// The columns of an ACL: times are null where there is none. Users come as a JSON list.
macro_rules! acl {
    ($list:literal, $acl:literal) => {
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
    ($list:literal, $array:literal) => {
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
    ($list:literal, $array:literal, $held:literal) => {
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
    ($list:literal, $array:literal) => {
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
    ($list:literal, $array:literal) => {
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
    ($list:literal, $array:literal) => {
        concat!(container_columns!($list, $array), "WHERE c.id = $1")
    };
}

/// The rows of a list. `$1` is the project or the user, `$2` now, `$3` to `$7` what they must equal, or null.
macro_rules! secrets_where {
    (of_project) => {
        concat!("l.project_id = $1", secrets_where!())
    };
    (listed) => {
        concat!(
            "l.id IN (SELECT u.entity_id FROM barbican_acl_users u WHERE u.kind = 'secret' AND u.user_id = $1)",
            secrets_where!()
        )
    };
    () => {
        " AND (l.expiration IS NULL OR l.expiration > $2)
          AND (CAST($3 AS TEXT) IS NULL OR l.name = $3)
          AND (CAST($4 AS TEXT) IS NULL OR l.secret_type = $4)
          AND (CAST($5 AS TEXT) IS NULL OR l.algorithm = $5)
          AND (CAST($6 AS BIGINT) IS NULL OR l.bit_length = $6)
          AND (CAST($7 AS TEXT) IS NULL OR l.mode = $7)"
    };
}

macro_rules! list_secrets {
    ($list:literal, $array:literal, $scope:ident) => {
        concat!(
            // Without their containers: these are not read, and could be a hundred times larger than the list.
            secret_columns!($list, $array, "1 = 0"),
            "WHERE s.id IN (SELECT l.id FROM barbican_secrets l WHERE ",
            secrets_where!($scope),
            "
                ORDER BY l.created_at, l.id LIMIT $8 OFFSET $9)
            ORDER BY s.created_at, s.id"
        )
    };
}

macro_rules! count_secrets {
    ($scope:ident) => {
        Sql::same(concat!("SELECT COUNT(*) FROM barbican_secrets l WHERE ", secrets_where!($scope)))
    };
}

/// `$1` is the project or the user, `$2` and `$3` what they must equal, or null.
macro_rules! containers_where {
    (of_project) => {
        concat!("l.project_id = $1", containers_where!())
    };
    (listed) => {
        concat!(
            "l.id IN (SELECT u.entity_id FROM barbican_acl_users u WHERE u.kind = 'container' AND u.user_id = $1)",
            containers_where!()
        )
    };
    () => {
        " AND (CAST($2 AS TEXT) IS NULL OR l.name = $2) AND (CAST($3 AS TEXT) IS NULL OR l.type = $3)"
    };
}

macro_rules! list_containers {
    ($list:literal, $array:literal, $scope:ident) => {
        concat!(
            container_columns!($list, $array),
            "WHERE c.id IN (SELECT l.id FROM barbican_containers l WHERE ",
            containers_where!($scope),
            "
                ORDER BY l.created_at, l.id LIMIT $4 OFFSET $5)
            ORDER BY c.created_at, c.id"
        )
    };
}

macro_rules! count_containers {
    ($scope:ident) => {
        Sql::same(concat!("SELECT COUNT(*) FROM barbican_containers l WHERE ", containers_where!($scope)))
    };
}

pub(in crate::vault) const FIND_SECRET: Sql = json!(find_secret);
pub(in crate::vault) const FIND_CONTAINER: Sql = json!(find_container);
pub(in crate::vault) const LIST_SECRETS_OF_PROJECT: Sql = json!(list_secrets, of_project);
pub(in crate::vault) const LIST_SECRETS_LISTED: Sql = json!(list_secrets, listed);
pub(in crate::vault) const COUNT_SECRETS_OF_PROJECT: Sql = count_secrets!(of_project);
pub(in crate::vault) const COUNT_SECRETS_LISTED: Sql = count_secrets!(listed);
pub(in crate::vault) const LIST_CONTAINERS_OF_PROJECT: Sql = json!(list_containers, of_project);
pub(in crate::vault) const LIST_CONTAINERS_LISTED: Sql = json!(list_containers, listed);
pub(in crate::vault) const COUNT_CONTAINERS_OF_PROJECT: Sql = count_containers!(of_project);
pub(in crate::vault) const COUNT_CONTAINERS_LISTED: Sql = count_containers!(listed);
