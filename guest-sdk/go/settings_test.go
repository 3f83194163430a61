package policy

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

type nested struct {
	Weight int `json:"weight"`
}

type sample struct {
	Names    []string          `json:"names"`
	Limit    *int              `json:"limit"`
	Quiet    bool              `json:"quiet,omitempty"`
	Of       map[string]nested `json:"of,omitempty"`
	Computed string            `json:"-"`
}

func (s *sample) Check() error {
	if len(s.Names) == 0 {
		return errors.New("`names`: at least one is wanted")
	}
	s.Computed = strings.Join(s.Names, ",")
	return nil
}

func TestSettingsAreReadStrictly(t *testing.T) {
	for text, wanted := range map[string]string{
		`{"names": ["a", "b"]}`:                  "",
		`{"names": ["a"], "limit": 5, "of": {}}`: "",
		`{}`:                                     "missing field `names`",
		`{"Names": ["a"]}`:                       "missing field `names`",
		`{"names": ["a"], "other": 1, "another": 2}`: "unknown key: `another`, `other`",
		`{"names": 5}`:                                 "`names`: a list is wanted",
		`{"names": ["a"], "limit": "5"}`:               "`limit`: int is wanted",
		`{"names": ["a"], "of": {"b": {"weigth": 1}}}`: "`of`: unknown field \"weigth\"",
		`{"names": []}`:                                "`names`: at least one is wanted",
		`[]`:                                           "an object is wanted",
		`{"names": ["a"], "Computed": "b"}`:            "unknown key: `Computed`",
	} {
		var settings sample
		err := read([]byte(text), &settings)
		switch {
		case wanted == "" && err != nil:
			t.Errorf("%s: %s", text, err)
		case wanted != "" && (err == nil || !strings.HasPrefix(err.Error(), wanted)):
			t.Errorf("%s: %v instead of %s", text, err, wanted)
		case wanted == "" && settings.Computed != strings.Join(settings.Names, ","):
			t.Errorf("%s: %+v", text, settings)
		}
	}
}

func TestPairs(t *testing.T) {
	pairs := Pairs{{"a", "1"}, {"b", "2"}, {"a", "3"}}
	if value, ok := pairs.Get("a"); value != "1" || !ok {
		t.Errorf("%q %t", value, ok)
	}
	if value, ok := pairs.Get("c"); value != "" || ok {
		t.Errorf("%q %t", value, ok)
	}
	if all := pairs.All("a"); !reflect.DeepEqual(all, []string{"1", "3"}) {
		t.Errorf("%q", all)
	}
}
