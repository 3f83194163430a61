package policytest

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"portcullis/policy"
	"portcullis/policy/aws"
	"portcullis/policy/docker"
)

// What must come out; what is absent is not compared.
type expectation struct {
	Verdict       *policy.Verdict `json:"verdict"`
	Rule          *string         `json:"rule"`
	Reason        *string         `json:"reason"`
	ReasonPattern *string         `json:"reason_pattern"`
	Grants        *[][2]string    `json:"grants"`
	Edits         *docker.Edits   `json:"edits"`
}

func (e *expectation) difference(answer any) string {
	switch answer := answer.(type) {
	case policy.Opinion:
		if answer.Verdict.String() == "" {
			return "its answer has no verdict"
		}
		said := fmt.Sprintf("it says %s (rule `%s`, reason `%s`)", answer.Verdict, answer.Rule, answer.Reason)
		if e.Verdict == nil && e.Rule == nil && e.Reason == nil && e.ReasonPattern == nil {
			return "`expect` has nothing that an opinion has"
		}
		if e.Verdict != nil && *e.Verdict != answer.Verdict {
			return fmt.Sprintf("%s instead of %s", said, e.Verdict)
		}
		if e.Rule != nil && *e.Rule != answer.Rule {
			return fmt.Sprintf("%s, and not by the rule `%s`", said, *e.Rule)
		}
		return e.reasons(said, []string{answer.Reason})
	case docker.Edits:
		if e.Edits == nil {
			return "`expect` has no `edits`"
		}
		if !same(reflect.ValueOf(answer), reflect.ValueOf(*e.Edits)) {
			return fmt.Sprintf("it edits %+v instead of %+v", answer, *e.Edits)
		}
	case aws.Answer:
		return e.roles(answer)
	default:
		return fmt.Sprintf("no case can expect %T", answer)
	}
	return ""
}

func (e *expectation) roles(answer aws.Answer) string {
	granted := [][2]string{}
	var reasons, rules []string
	for _, grant := range answer.Grants {
		granted = append(granted, [2]string{grant.Account, grant.Role})
		reasons = append(reasons, grant.Reason)
	}
	for _, denial := range answer.Denials {
		rules = append(rules, denial.Rule)
		reasons = append(reasons, denial.Reason)
	}
	said := fmt.Sprintf("it grants %q, denies by the rules %q, with the reasons %q", granted, rules, reasons)
	if e.Grants == nil && e.Rule == nil && e.Reason == nil && e.ReasonPattern == nil {
		return "`expect` has nothing that an answer about roles has"
	}
	if e.Grants != nil && !slices.Equal(*e.Grants, granted) {
		return fmt.Sprintf("%s; it must grant %q", said, *e.Grants)
	}
	if e.Rule != nil && !slices.Contains(rules, *e.Rule) {
		return fmt.Sprintf("%s; no denial by `%s`", said, *e.Rule)
	}
	return e.reasons(said, reasons)
}

// Whether any of the reasons is the one that is expected.
func (e *expectation) reasons(said string, reasons []string) string {
	has := func(reason string) bool { return strings.Contains(reason, *e.Reason) }
	if e.Reason != nil && !slices.ContainsFunc(reasons, has) {
		return fmt.Sprintf("%s, without the reason `%s`", said, *e.Reason)
	}
	if e.ReasonPattern == nil {
		return ""
	}
	pattern, err := regexp.Compile(*e.ReasonPattern)
	if err != nil {
		return fmt.Sprintf("`reason_pattern`: %s", err)
	}
	if !slices.ContainsFunc(reasons, pattern.MatchString) {
		return fmt.Sprintf("%s, and no reason is like `%s`", said, *e.ReasonPattern)
	}
	return ""
}

// As reflect.DeepEqual, but that a list which is nil is one that is empty.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range a.NumField() {
			if !same(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return same(a.Elem(), b.Elem())
	default:
		return a.Equal(b)
	}
}
