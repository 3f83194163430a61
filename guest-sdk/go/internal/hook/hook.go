// Package hook has the hooks that a policy serves, and calls their handlers.
package hook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"

	"portcullis/policy/internal/hostlog"
)

// Configure reads the settings. Until a policy names its own, there are none.
var Configure = func(text []byte) error {
	var settings map[string]json.RawMessage
	if err := json.Unmarshal(text, &settings); err != nil {
		return err
	}
	for name := range settings {
		return fmt.Errorf("unknown key: `%s`: the policy has no settings", name)
	}
	return nil
}

// Hook is a hook that is part of the policy, since its package is.
type Hook[I, A any] struct {
	name    string
	handler func(*I) (A, error)
}

// AnyHook is a hook without its types.
type AnyHook interface {
	hasHandler() bool
	// AskJSON answers an input that is JSON.
	AskJSON(input []byte) (any, error)
}

var linked = map[string]AnyHook{}

// Link makes a hook. It is called once for each, by its package.
func Link[I, A any](name string) *Hook[I, A] {
	made := &Hook[I, A]{name: name}
	linked[name] = made
	return made
}

// Find is the hook, if it is part of the policy.
func Find(name string) (AnyHook, bool) {
	found, ok := linked[name]
	return found, ok
}

// Configured configures the policy, and then makes sure that each hook has a handler.
func Configured(text []byte) (err error) {
	defer recovered(&err)
	if err := Configure(text); err != nil {
		return err
	}
	for name, hook := range linked {
		if !hook.hasHandler() {
			return fmt.Errorf("nothing answers `%s`: call Handle of its package in an init function", name)
		}
	}
	return nil
}

// Handle sets the handler.
func (h *Hook[I, A]) Handle(handler func(*I) (A, error)) {
	if h.handler != nil {
		panic("two handlers for `" + h.name + "`")
	}
	h.handler = handler
}

func (h *Hook[I, A]) hasHandler() bool { return h.handler != nil }

// Ask calls the handler. A panic is an error.
func (h *Hook[I, A]) Ask(input *I) (answer A, err error) {
	defer recovered(&err)
	if h.handler == nil {
		return answer, errors.New("nothing answers `" + h.name + "`")
	}
	return h.handler(input)
}

// AskJSON is Ask for an input that is JSON.
func (h *Hook[I, A]) AskJSON(text []byte) (any, error) {
	var input I
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&input); err != nil {
		return nil, fmt.Errorf("`input`: %w", err)
	}
	return h.Ask(&input)
}

// Makes an error of a panic, with the place in the policy, and writes to the log how it was reached.
func recovered(err *error) {
	cause := recover()
	if cause == nil {
		return
	}
	*err = fmt.Errorf("panic: %v", cause)
	var callers [16]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
	var trace []string
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			trace = append(trace, fmt.Sprintf("%s, %s:%d", frame.Function, path.Base(frame.File), frame.Line))
		}
	}
	if len(trace) > 0 {
		*err = fmt.Errorf("panic: %v (%s)", cause, trace[0])
	}
	const levelError = 4
	hostlog.Write(levelError, fmt.Sprintf("panic: %v\n%s", cause, strings.Join(trace, "\n")))
}
