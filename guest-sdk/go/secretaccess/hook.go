// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

// Package secretaccess serves the hook `secret-access`.
//
// Asked before a secret, a container or an ACL is read or changed.
package secretaccess

import (
	"portcullis/policy"
	"portcullis/policy/internal/hook"
	"portcullis/policy/secrets"
)

var served = hook.Link[secrets.Access, policy.Opinion]("secret-access")

// Handle makes handler answer the hook. It is called once, from an init function.
//
// An error is a fault of the policy: access is refused, and the text goes to the operator.
func Handle(handler func(*secrets.Access) (policy.Opinion, error)) {
	served.Handle(handler)
}
