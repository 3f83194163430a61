//go:build !wasip1

package hostlog

import (
	"fmt"
	"os"
)

// Write writes a line to the standard error.
func Write(_ int32, text string) {
	fmt.Fprintln(os.Stderr, text)
}
