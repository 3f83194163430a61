//go:build wasip1

package abi

import (
	"unsafe"

	"portcullis/policy"
	"portcullis/policy/internal/memory"
)

func liftPair(p unsafe.Pointer) policy.Pair {
	return policy.Pair{memory.String(p), memory.String(unsafe.Add(p, 8))}
}

func lowerPair(p unsafe.Pointer, v policy.Pair) {
	memory.StoreString(p, v[0])
	memory.StoreString(unsafe.Add(p, 8), v[1])
}
