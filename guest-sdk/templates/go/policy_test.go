package main

import (
	"testing"

	"portcullis/policy/policytest"
)

func TestCases(t *testing.T) {
	policytest.Run(t, "cases.jsonl")
}
