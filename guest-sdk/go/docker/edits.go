// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

package docker

import (
	"portcullis/policy"
)

// Which things a user sees. What is not visible is left out of lists, and any other call that names it is answered
// as if it were not there.
type Visibility struct {
	// The kinds that this is about, as in `docker.target`: `container`, `network`, `volume`, `service`, `secret`,
	// `config`, `task`, `image`. Other kinds are visible.
	Kinds []string `json:"kinds"`

	// A thing with one of these labels is visible. Prunes and events are limited to the first: Docker joins labels of a
	// filter by `and`.
	Labels policy.Pairs `json:"labels"`

	// So is a thing of this kind and name, e.g. (`network`, `none`).
	Names policy.Pairs `json:"names"`
}

type Edits struct {
	// Absent shows everything.
	Visible *Visibility `json:"visible"`

	// Labels that a created container, network, volume or service gets, in the place of the client's own of these
	// names.
	Labels policy.Pairs `json:"labels"`

	// Names of environment variables whose values no response shows; `*` means all.
	HiddenEnvironment []string `json:"hidden_environment"`

	// What a later version will know.
	Extra policy.Pairs `json:"extra"`
}
