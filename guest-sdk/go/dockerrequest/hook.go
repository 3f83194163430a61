// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

// Package dockerrequest serves the hook `docker-request`.
//
// Asked before the Docker daemon carries out a call.
package dockerrequest

import (
	"portcullis/policy"
	"portcullis/policy/docker"
	"portcullis/policy/internal/hook"
)

var served = hook.Link[docker.Request, policy.Opinion]("docker-request")

// Handle makes handler answer the hook. It is called once, from an init function.
//
// An error is a fault of the policy: the call is refused, and the text goes to the operator.
func Handle(handler func(*docker.Request) (policy.Opinion, error)) {
	served.Handle(handler)
}
