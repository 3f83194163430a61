// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

// Package dockerresponse serves the hook `docker-response`.
//
// Asked before the Docker daemon's answer goes to the client. The side effect has happened: only a `deny` or a
// fault withholds the answer.
package dockerresponse

import (
	"portcullis/policy"
	"portcullis/policy/docker"
	"portcullis/policy/internal/hook"
)

var served = hook.Link[docker.Response, policy.Opinion]("docker-response")

// Handle makes handler answer the hook. It is called once, from an init function.
//
// An error is a fault of the policy: the answer is withheld, and the text goes to the operator.
func Handle(handler func(*docker.Response) (policy.Opinion, error)) {
	served.Handle(handler)
}
