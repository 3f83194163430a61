//go:build wasip1

// Package memory reads what the host writes into the policy's memory, and writes what the host reads.
//
// Layouts are those of the canonical ABI: https://component-model.bytecodealliance.org/advanced/canonical-abi.html. Pointers
// have 32 bits there, and 64 in Go.
package memory

import (
	"runtime/debug"
	"strings"
	"unsafe"
)

// An instance answers one request, so hardly anything is garbage before its end. The limit is below the 64 MiB that a
// policy has by default.
func init() {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(48 << 20)
}

// The smallest piece of memory that is asked of Go for what the host writes.
const chunk = 32 << 10

var (
	// What is left of the last piece.
	free []byte
	// Everything that the host knows addresses of: the collector does not see them.
	kept [][]byte
)

//go:wasmexport cabi_realloc
func realloc(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	start := Allocate(uintptr(size), uintptr(align))
	if old != nil {
		copy(unsafe.Slice((*byte)(start), size), unsafe.Slice((*byte)(old), oldSize))
	}
	return start
}

// Allocate is memory that is never given back.
func Allocate(size, align uintptr) unsafe.Pointer {
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(free))) & (align - 1)
	if skip+size > uintptr(len(free)) {
		free = make([]byte, max(size+align, chunk))
		kept = append(kept, free)
		skip = -uintptr(unsafe.Pointer(unsafe.SliceData(free))) & (align - 1)
	}
	start := unsafe.Pointer(unsafe.SliceData(free[skip:]))
	free = free[skip+size:]
	return start
}

// Ready has memory at hand for the first input.
func Ready() {
	free = make([]byte, chunk)
	kept = append(kept, free)
}

// Respond is where the host finds the answer or the error. The payload of the result is at an offset.
func Respond[A any](size, payload uintptr, answer A, err error, lower func(unsafe.Pointer, A)) (area unsafe.Pointer) {
	area = Allocate(size, 8)
	at := unsafe.Add(area, payload)
	fail := func(text string) {
		Store(area, uint8(1))
		StoreString(at, text)
	}
	defer func() {
		if cause := recover(); cause != nil {
			fail(cause.(string))
		}
	}()
	if err != nil {
		fail(err.Error())
		return area
	}
	lower(at, answer)
	return area
}

// Load reads a value that is the same in Go.
func Load[T any](p unsafe.Pointer) T { return *(*T)(p) }

// Store writes a value that is the same in Go.
func Store[T any](p unsafe.Pointer, v T) { *(*T)(p) = v }

func pointer(p unsafe.Pointer) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(nil), Load[uint32](p))
}

// String is the text itself, and no copy.
func String(p unsafe.Pointer) string {
	return unsafe.String((*byte)(pointer(p)), Load[uint32](unsafe.Add(p, 4)))
}

// StoreString writes text; what is not UTF-8 in it is replaced, since the host would end the decision for it.
func StoreString(p unsafe.Pointer, v string) {
	v = strings.ToValidUTF8(v, "\uFFFD")
	bytes := Allocate(uintptr(len(v)), 1)
	copy(unsafe.Slice((*byte)(bytes), len(v)), v)
	Store(p, uint32(uintptr(bytes)))
	Store(unsafe.Add(p, 4), uint32(len(v)))
}

// List reads a list of elements of a size.
func List[T any](p unsafe.Pointer, size uintptr, lift func(unsafe.Pointer) T) []T {
	length := Load[uint32](unsafe.Add(p, 4))
	if length == 0 {
		return nil
	}
	start := pointer(p)
	list := make([]T, length)
	for i := range list {
		list[i] = lift(unsafe.Add(start, uintptr(i)*size))
	}
	return list
}

// StoreList writes a list of elements of a size.
func StoreList[T any](p unsafe.Pointer, size uintptr, v []T, lower func(unsafe.Pointer, T)) {
	start := Allocate(size*uintptr(len(v)), 8)
	for i, element := range v {
		lower(unsafe.Add(start, uintptr(i)*size), element)
	}
	Store(p, uint32(uintptr(start)))
	Store(unsafe.Add(p, 4), uint32(len(v)))
}

// Option reads a value that may be absent, from an offset.
func Option[T any](p unsafe.Pointer, payload uintptr, lift func(unsafe.Pointer) T) *T {
	if Load[uint8](p) == 0 {
		return nil
	}
	v := lift(unsafe.Add(p, payload))
	return &v
}

// StoreOption writes a value that may be absent.
func StoreOption[T any](p unsafe.Pointer, payload uintptr, v *T, lower func(unsafe.Pointer, T)) {
	if v == nil {
		Store(p, uint8(0))
		return
	}
	Store(p, uint8(1))
	lower(unsafe.Add(p, payload), *v)
}
