//go:build wasip1

package policy

import (
	"unsafe"

	"portcullis/policy/internal/hook"
	"portcullis/policy/internal/memory"
)

//go:wasmexport portcullis:policy/lifecycle@0.1.0#configure
func configure(text unsafe.Pointer, length uint32) unsafe.Pointer {
	err := hook.Configured(unsafe.Slice((*byte)(text), length))
	memory.Ready()
	return memory.Respond(12, 4, struct{}{}, err, func(unsafe.Pointer, struct{}) {})
}
