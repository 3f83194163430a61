// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

package secrets

import (
	"portcullis/policy"
)

// Who asks, as Keystone says.
type Requester struct {
	// Absent means anonymous.
	User *string `json:"user"`

	UserName *string `json:"user_name"`

	UserDomain *string `json:"user_domain"`

	Project *string `json:"project"`

	ProjectName *string `json:"project_name"`

	ProjectDomain *string `json:"project_domain"`

	// `project`, `domain`, `system` or `unscoped`.
	Scope string `json:"scope"`

	Roles []string `json:"roles"`

	Groups []string `json:"groups"`

	// The id of the application credential that the token was got with.
	ApplicationCredential *string `json:"application_credential"`

	// The roles of the service that calls on the user's behalf, where it showed a token of its own.
	ServiceRoles []string `json:"service_roles"`

	Attributes policy.Pairs `json:"attributes"`
}

// Who may read an entity besides its project.
type ACL struct {
	// User ids.
	Users []string `json:"users"`

	// False makes it private to its creator and `users`.
	ProjectAccess bool `json:"project_access"`

	// Milliseconds since 1970-01-01 UTC; absent in a proposed one.
	Created *uint64 `json:"created"`

	Updated *uint64 `json:"updated"`

	Extra policy.Pairs `json:"extra"`
}

// A secret or a container.
type Entity struct {
	// `secret` or `container`.
	Kind string `json:"kind"`

	ID string `json:"id"`

	Name *string `json:"name"`

	// The project that owns it.
	Project string `json:"project"`

	// The user who made it.
	Creator *string `json:"creator"`

	// Barbican's `secret_type`, or the container's type.
	Subtype *string `json:"subtype"`

	Extra policy.Pairs `json:"extra"`
}

// A container that holds the secret.
type Holder struct {
	Entity Entity `json:"entity"`

	ACL *ACL `json:"acl"`
}

// One act upon an entity.
type Access struct {
	Context policy.Context `json:"context"`

	// `secret-get`, `payload-get`, `secret-list`, `secret-create`, `payload-put`, `secret-delete`,
	// `container-get`, `container-list`, `container-create`, `container-delete`, `acl-get`, `acl-put`,
	// `acl-patch`, `acl-delete`, `container-secret-create`, `container-secret-delete`, `consumer-list`,
	// `consumer-create`, `consumer-delete`, `secret-meta-get`, `secret-meta-put`, `secret-meta-create`,
	// `secret-meta-delete`, `quota-get`, `project-quota-get`, `project-quota-put`, `project-quota-delete`.
	// Reserved for orders: `order-list`, `order-create`, `order-get`, `order-delete`.
	Operation string `json:"operation"`

	Principal Requester `json:"principal"`

	// Absent where the operation is about none: lists, quotas.
	Entity *Entity `json:"entity"`

	// The ACL in force, if one is set.
	ACL *ACL `json:"acl"`

	// The ACL that a write would put in force.
	Proposed *ACL `json:"proposed"`

	// The containers that hold the secret and were made by the one who made it; a container of another user says
	// nothing about who may have it.
	Holders []Holder `json:"holders"`

	Extra policy.Pairs `json:"extra"`
}
