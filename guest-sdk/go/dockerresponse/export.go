// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

//go:build wasip1

package dockerresponse

import (
	"unsafe"

	"portcullis/policy/internal/abi"
	"portcullis/policy/internal/memory"
)

//go:wasmexport portcullis:policy/docker-response@0.1.0#authorize
func export(p unsafe.Pointer) unsafe.Pointer {
	input := abi.LiftDockerResponse(p)
	answer, err := served.Ask(&input)
	return memory.Respond(32, 4, answer, err, abi.LowerPolicyOpinion)
}
