// Package policy helps to write a policy for Portcullis in Go.
//
// A policy is a package main without a main that does anything. Its init function names the settings, and hands a function
// to each hook's package:
//
//	func init() {
//		policy.Configure(&settings)
//		dockerrequest.Handle(authorize)
//	}
//
//	func main() {}
//
// An error that a handler returns, and a panic, are faults: the request is refused, and the text goes to the operator.
//
// A policy has no clock, no randomness, no files and no network: time.Now and crypto/rand end the decision, which is then
// refused. The time is [Context.Time]. Each decision starts from the memory that the policy had when it was configured, so
// package variables that a handler changes are forgotten.
package policy

import (
	"fmt"
	"time"
)

// Allow allows the request, by a rule, unless another policy denies it.
func Allow(rule string) Opinion {
	return Opinion{Verdict: VerdictAllow, Rule: rule}
}

// Deny denies the request. The reason is shown to the caller: say what to do instead.
func Deny(rule, reason string) Opinion {
	return Opinion{Verdict: VerdictDeny, Rule: rule, Reason: reason}
}

// Denyf is Deny with a reason made by fmt.Sprintf.
func Denyf(rule, format string, values ...any) Opinion {
	return Deny(rule, fmt.Sprintf(format, values...))
}

// Abstain has no objection and grants nothing: the other policies decide.
func Abstain() Opinion {
	return Opinion{Verdict: VerdictAbstain}
}

// Time is when the policies were asked, in UTC. time.LoadLocation has no files to read: import time/tzdata for it, or use
// time.FixedZone.
func (c Context) Time() time.Time {
	return time.UnixMilli(int64(c.Now)).UTC()
}

// Or is the value that p points to, or otherwise where there is none.
func Or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// Pair is a name with a value.
type Pair [2]string

// Name is the first of the pair.
func (p Pair) Name() string { return p[0] }

// Value is the second of the pair.
func (p Pair) Value() string { return p[1] }

// Pairs are names with values, in order. A name may be there more than once.
type Pairs []Pair

// Get is the first value of the name.
func (p Pairs) Get(name string) (value string, ok bool) {
	for _, pair := range p {
		if pair[0] == name {
			return pair[1], true
		}
	}
	return "", false
}

// All are the values of the name.
func (p Pairs) All(name string) []string {
	var values []string
	for _, pair := range p {
		if pair[0] == name {
			values = append(values, pair[1])
		}
	}
	return values
}
