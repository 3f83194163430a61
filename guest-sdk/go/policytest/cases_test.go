package policytest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portcullis/policy"
	"portcullis/policy/aws"
	"portcullis/policy/awsroles"
	"portcullis/policy/docker"
	"portcullis/policy/dockeredit"
	"portcullis/policy/dockerrequest"
	"portcullis/policy/internal/hook"
)

func init() {
	dockerrequest.Handle(func(request *docker.Request) (policy.Opinion, error) {
		switch policy.Or(request.Operation, "") {
		case "fault":
			return policy.Opinion{}, errors.New("lost")
		case "panic":
			panic("lost")
		case "nothing":
			return policy.Opinion{}, nil
		}
		return policy.Deny("r", "not 17 times: "+request.Body.Text), nil
	})
	dockeredit.Handle(func(*docker.Request) (docker.Edits, error) {
		return docker.Edits{Labels: policy.Pairs{{"a", "b"}}, Visible: &docker.Visibility{}}, nil
	})
	awsroles.Handle(func(*aws.Request) (aws.Answer, error) {
		return aws.Answer{
			Grants:  []aws.Grant{{Account: "a", Role: "r", Reason: "since 1"}},
			Denials: []aws.Denial{{Rule: "limits", Reason: "at night"}},
		}, nil
	})
}

// What is wrong with one case, by its text.
func difference(t *testing.T, text string) string {
	t.Helper()
	file, err := parse("case.jsonl", []byte(text))
	if err != nil {
		return err.Error()
	}
	return file.Cases[0].ask()
}

func TestEachPartIsCompared(t *testing.T) {
	const request, edit, roles = `"hook": "docker-request"`, `"hook": "docker-edit"`, `"hook": "aws-roles"`
	for _, row := range []struct{ rest, different string }{
		{request + `, "expect": {"verdict": "deny", "rule": "r", "reason": "17", "reason_pattern": "^not \\d+ t"}`, ""},
		{request + `, "input": {"body": {"json": "{}"}}, "expect": {"reason": "{}"}`, ""},
		{request + `, "expect": {"verdict": "allow"}`, "it says deny (rule `r`, reason `not 17 times: `) instead of allow"},
		{request + `, "expect": {"rule": "s"}`, "and not by the rule `s`"},
		{request + `, "expect": {"reason": "18"}`, "without the reason `18`"},
		{request + `, "expect": {"reason_pattern": "^17"}`, "no reason is like `^17`"},
		{request + `, "expect": {}`, "has nothing that an opinion has"},
		{request + `, "expect": {"verdict": "perhaps"}`, "unknown value: perhaps"},
		{request + `, "expect": {"verdict": "deny"}, "expct": 1`, "unknown field"},
		{request + `, "input": {"operatoin": "a"}, "expect": {"verdict": "deny"}`, "`input`: "},
		{request + `, "input": {"operation": "fault"}, "expect": {"verdict": "deny"}`, "a fault: lost"},
		{request + `, "input": {"operation": "panic"}, "expect": {"verdict": "deny"}`, "a fault: panic: lost ("},
		{request + `, "input": {"operation": "nothing"}, "expect": {"verdict": "deny"}`, "no verdict"},
		{`"hook": "secret-access", "expect": {"verdict": "deny"}`, "does not serve `secret-access`"},
		{edit + `, "expect": {"edits": {"labels": [["a", "b"]], "visible": {"kinds": []}}}`, ""},
		{edit + `, "expect": {"edits": {"labels": [["a", "b"]]}}`, "it edits "},
		{edit + `, "expect": {"edits": {"labels": [["a", "c"]], "visible": {}}}`, "it edits "},
		{edit + `, "expect": {"verdict": "allow"}`, "has no `edits`"},
		{roles + `, "expect": {"grants": [["a", "r"]], "rule": "limits", "reason": "night", "reason_pattern": "\\d$"}`, ""},
		{roles + `, "expect": {"grants": []}`, "it must grant []"},
		{roles + `, "expect": {"rule": "other"}`, "no denial by `other`"},
		{roles + `, "expect": {"reason": "noon"}`, "without the reason `noon`"},
	} {
		different := difference(t, `{"name": "c", `+row.rest+`}`)
		if !strings.Contains(different, row.different) || (row.different == "") != (different == "") {
			t.Errorf("%s: %q instead of %q", row.rest, different, row.different)
		}
	}
}

func TestSettingsAreThoseOfTheFile(t *testing.T) {
	var given string
	hook.Configure = func(text []byte) error { given = string(text); return nil }
	path := filepath.Join(t.TempDir(), "cases.jsonl")
	text := `{"settings": {"a": 1}}` + "\n\n" + `{"name": "c", "hook": "docker-request", "expect": {"rule": "r"}}` + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	Run(t, path)
	if given != `{"a": 1}` {
		t.Error(given)
	}
}
