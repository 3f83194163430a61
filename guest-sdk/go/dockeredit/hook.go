// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

// Package dockeredit serves the hook `docker-edit`.
//
// Asked before a call is decided, and by the gateway alone: a plugin of dockerd can change nothing. A policy that does not
// export it edits nothing.
package dockeredit

import (
	"portcullis/policy/docker"
	"portcullis/policy/internal/hook"
)

var served = hook.Link[docker.Request, docker.Edits]("docker-edit")

// Handle makes handler answer the hook. It is called once, from an init function.
//
// What of Docker this user sees, and what is written to it. The edits of several policies add up: a thing is visible
// where all of them show it. An error is a fault of the policy: the call is refused, and the text goes to the operator.
func Handle(handler func(*docker.Request) (docker.Edits, error)) {
	served.Handle(handler)
}
