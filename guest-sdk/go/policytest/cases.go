// Package policytest asks a policy its cases in a test of Go, without WebAssembly: the files that `portcullis policy test`
// and the host ask, as JSON or JSON Lines.
package policytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"portcullis/policy/internal/hook"
)

type testCase struct {
	Name   string          `json:"name"`
	Hook   string          `json:"hook"`
	Input  json.RawMessage `json:"input"`
	Expect expectation     `json:"expect"`
}

type caseFile struct {
	Settings json.RawMessage `json:"settings"`
	Cases    []testCase      `json:"cases"`
}

// Run configures the policy with the settings of the file, and asks all of its cases.
func Run(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parse(path, text)
	if err != nil {
		t.Fatalf("%s: %s", path, err)
	}
	if len(file.Cases) == 0 {
		t.Fatalf("%s has no cases", path)
	}
	if file.Settings == nil {
		file.Settings = json.RawMessage("{}")
	}
	if err := hook.Configured(file.Settings); err != nil {
		t.Fatalf("%s: the policy refuses the settings: %s", path, err)
	}
	for _, of := range file.Cases {
		t.Run(of.Name, func(t *testing.T) {
			if different := of.ask(); different != "" {
				t.Error(different)
			}
		})
	}
}

func parse(path string, text []byte) (file caseFile, err error) {
	if !strings.HasSuffix(path, ".jsonl") {
		return file, decode(text, &file)
	}
	for at, line := range bytes.Split(text, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		var head struct {
			Settings json.RawMessage `json:"settings"`
		}
		if at == 0 && decode(line, &head) == nil {
			file.Settings = head.Settings
			continue
		}
		var of testCase
		if err := decode(line, &of); err != nil {
			return file, fmt.Errorf("line %d: %w", at+1, err)
		}
		file.Cases = append(file.Cases, of)
	}
	return file, nil
}

func decode(text []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(to)
}

// What is wrong with the answer, or nothing.
func (c *testCase) ask() string {
	asked, ok := hook.Find(c.Hook)
	if !ok {
		return fmt.Sprintf("the policy does not serve `%s`", c.Hook)
	}
	input := c.Input
	if input == nil {
		input = json.RawMessage("{}")
	}
	answer, err := asked.AskJSON(input)
	if err != nil {
		return "it answers with a fault: " + err.Error()
	}
	return c.Expect.difference(answer)
}
