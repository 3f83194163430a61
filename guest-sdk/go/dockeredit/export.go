// Code generated from wit/ by the tests of host/cli; DO NOT EDIT.

//go:build wasip1

package dockeredit

import (
	"unsafe"

	"portcullis/policy/internal/abi"
	"portcullis/policy/internal/memory"
)

//go:wasmexport portcullis:policy/docker-edit@0.1.0#edit
func export(p unsafe.Pointer) unsafe.Pointer {
	input := abi.LiftDockerRequest(p)
	answer, err := served.Ask(&input)
	return memory.Respond(56, 4, answer, err, abi.LowerDockerEdits)
}
