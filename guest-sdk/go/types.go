// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

package policy

import (
	"errors"
)

// A policy's decision.
type Verdict uint8

// The zero value is none of them.
const (
	// The request is allowed, unless another policy denies it.
	VerdictAllow Verdict = iota + 1
	// The request is denied, regardless of other policies.
	VerdictDeny
	// No objection and no grant: the other policies decide.
	VerdictAbstain
)

var verdictNames = [...]string{"", "allow", "deny", "abstain"}

func (v Verdict) String() string {
	if int(v) >= len(verdictNames) {
		return ""
	}
	return verdictNames[v]
}

// UnmarshalText reads it from its name.
func (v *Verdict) UnmarshalText(text []byte) error {
	for value, name := range verdictNames {
		if value > 0 && name == string(text) {
			*v = Verdict(value)
			return nil
		}
	}
	return errors.New("unknown value: " + string(text))
}

// A policy's response.
type Opinion struct {
	Verdict Verdict `json:"verdict"`

	// Shown to the caller when the verdict is `deny`; written for a person, and says what to do instead. At
	// most 1024 bytes; control characters are replaced.
	Reason string `json:"reason"`

	// The policy's own name for the rule that fired, at most 64 bytes of `a-z 0-9 . _ : -`; empty where there
	// is none.
	Rule string `json:"rule"`

	// What a later version will know. Names that the host does not know are ignored.
	Extra Pairs `json:"extra"`
}

// Time, id and origin of one decision.
type Context struct {
	// When the policies were asked: milliseconds since 1970-01-01 UTC, taken once and recorded, so that a
	// replay sees the same. The only clock a policy has.
	Now uint64 `json:"now"`

	// The id of the decision's record; it also stands at the end of a refusal's text.
	Decision string `json:"decision"`

	// The API that asks: `docker-plugin`, `docker-gateway`, `barbican`, `aws-federation`.
	API string `json:"api"`

	// The address the request came from, where there is one. For the Docker authorization plugin that is
	// the daemon, not its client.
	Peer *string `json:"peer"`
}

// A certificate that the caller proved to hold the key of.
type Certificate struct {
	// The whole subject, e.g. `CN=alice,OU=ops,O=Example`.
	Subject string `json:"subject"`

	CommonName *string `json:"common_name"`

	Organizations []string `json:"organizations"`

	OrganizationalUnits []string `json:"organizational_units"`

	DNSNames []string `json:"dns_names"`

	EmailAddresses []string `json:"email_addresses"`

	IPAddresses []string `json:"ip_addresses"`

	URIs []string `json:"uris"`

	// The issuer's whole subject.
	Issuer string `json:"issuer"`

	// Hexadecimal.
	Serial string `json:"serial"`

	// SHA-256 over the certificate's DER, lower-case hexadecimal.
	Sha256 string `json:"sha256"`
}

// Who sent the request.
type Principal struct {
	// Absent means anonymous: the name `""` is never used for that.
	Name *string `json:"name"`

	// How the name was proved: `anonymous`, `certificate`, `token`, `password`, `header`, `address`; `unstated`
	// where the daemon names a user without saying how it authenticated them.
	Authentication string `json:"authentication"`

	Groups []string `json:"groups"`

	// The client's own certificate, where one was shown.
	Certificate *Certificate `json:"certificate"`

	// Further facts from the identity source.
	Attributes Pairs `json:"attributes"`
}
