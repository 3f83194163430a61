// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

package aws

import (
	"portcullis/policy"
)

// Which accounts and roles may this person have? The accounts that exist are in the policy's settings.
type Request struct {
	Context policy.Context `json:"context"`

	Principal policy.Principal `json:"principal"`

	// The mount that was asked, by its prefix.
	Mount string `json:"mount"`

	// `list`, `credentials`, `console`, `metadata`.
	Purpose string `json:"purpose"`

	// Account and role that were asked for; absent when all are listed.
	Account *string `json:"account"`

	Role *string `json:"role"`

	CallbackUrl *string `json:"callback_url"`

	Extra policy.Pairs `json:"extra"`
}

// One role in one account, and how its session is to be.
type Grant struct {
	Account string `json:"account"`

	Role string `json:"role"`

	Reason string `json:"reason"`

	DurationSeconds *uint32 `json:"duration_seconds"`

	SessionName *string `json:"session_name"`

	SourceIdentity *string `json:"source_identity"`

	Tags policy.Pairs `json:"tags"`

	// An IAM policy in JSON that narrows the session.
	SessionPolicy *string `json:"session_policy"`

	ExternalID *string `json:"external_id"`

	Extra policy.Pairs `json:"extra"`
}

// What must not be granted, by any policy.
type Denial struct {
	// Absent means every account.
	Account *string `json:"account"`

	// Absent means every role.
	Role *string `json:"role"`

	Reason string `json:"reason"`

	Rule string `json:"rule"`

	Extra policy.Pairs `json:"extra"`
}

type Answer struct {
	Grants []Grant `json:"grants"`

	Denials []Denial `json:"denials"`

	Extra policy.Pairs `json:"extra"`
}
