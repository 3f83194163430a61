package docker

import (
	"encoding/json"
	"fmt"
)

// UnmarshalJSON reads a body as cases write it: "absent", {"json": "..."} or {"unseen": "..."}.
func (b *Body) UnmarshalJSON(text []byte) error {
	var absent string
	if json.Unmarshal(text, &absent) == nil && absent == "absent" {
		*b = Body{}
		return nil
	}
	var of map[string]string
	if err := json.Unmarshal(text, &of); err != nil || len(of) != 1 {
		return fmt.Errorf("a body is `absent`, or an object with `json` or `unseen`")
	}
	for kind, value := range of {
		switch kind {
		case "json":
			*b = Body{BodyJSON, value}
		case "unseen":
			*b = Body{BodyUnseen, value}
		default:
			return fmt.Errorf("unknown kind of body: `%s`", kind)
		}
	}
	return nil
}
