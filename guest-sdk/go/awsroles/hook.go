// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

// Package awsroles serves the hook `aws-roles`.
//
// Asked on every request to the AWS federation API; nothing about permission is cached.
package awsroles

import (
	"portcullis/policy/aws"
	"portcullis/policy/internal/hook"
)

var served = hook.Link[aws.Request, aws.Answer]("aws-roles")

// Handle makes handler answer the hook. It is called once, from an init function.
//
// Listing and fetching use the same answer. An error is a fault of the policy: nothing is granted, and the
// text goes to the operator.
func Handle(handler func(*aws.Request) (aws.Answer, error)) {
	served.Handle(handler)
}
