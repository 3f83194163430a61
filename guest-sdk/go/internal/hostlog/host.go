//go:build wasip1

// Package hostlog writes to the host's log.
package hostlog

import (
	"runtime"
	"strings"
	"unsafe"
)

//go:wasmimport portcullis:policy/log@0.1.0 log
func log(level int32, text unsafe.Pointer, length uint32)

// Write writes a line. What is not UTF-8 in it is replaced, since the host would end the decision for it.
func Write(level int32, text string) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	log(level, unsafe.Pointer(unsafe.StringData(text)), uint32(len(text)))
	runtime.KeepAlive(text)
}
