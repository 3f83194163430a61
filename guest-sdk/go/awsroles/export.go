// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

//go:build wasip1

package awsroles

import (
	"unsafe"

	"portcullis/policy/internal/abi"
	"portcullis/policy/internal/memory"
)

//go:wasmexport portcullis:policy/aws-roles@0.1.0#grants
func export(p unsafe.Pointer) unsafe.Pointer {
	input := abi.LiftAwsRequest(p)
	answer, err := served.Ask(&input)
	return memory.Respond(28, 4, answer, err, abi.LowerAwsAnswer)
}
