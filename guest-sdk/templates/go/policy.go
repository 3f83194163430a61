// The policy `@name@`.
package main

import (
@imports@
)

// What the configuration has under `settings`.
var settings struct {
@fields@
}

func init() {
	policy.Configure(&settings)
@handlers@
}

@hooks@
func main() {}
