package policy

import "portcullis/policy/internal/hostlog"

// Level says how important a line of the log is.
type Level int32

// The host's levels.
const (
	LevelTrace Level = iota
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
)

// Log writes a line to the host's log, and in a test to the standard error. A decision has 64 lines of together 16 KiB; a
// policy that writes more is stopped, and the decision is a refusal.
func Log(level Level, text string) {
	hostlog.Write(int32(level), text)
}
