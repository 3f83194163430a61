package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"portcullis/policy/internal/hook"
)

// Configure names where the settings go: a pointer to a struct, with a json tag for each field. A key that the struct does
// not have is refused, and so is one that is missing, unless its field is a pointer or has omitempty. Where the struct has
// a method Check() error, its error refuses the settings. Configure is called once, from an init function.
func Configure(settings any) {
	of := reflect.TypeOf(settings)
	if of == nil || of.Kind() != reflect.Pointer || of.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("policy.Configure wants a pointer to a struct, and not %T", settings))
	}
	hook.Configure = func(text []byte) error { return read(text, settings) }
}

func read(text []byte, settings any) error {
	given := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &given); err != nil {
		return fmt.Errorf("an object is wanted: %w", err)
	}
	value := reflect.ValueOf(settings).Elem()
	known := map[string]bool{}
	for i := range value.NumField() {
		field := value.Type().Field(i)
		name, optional := key(field)
		if name == "" {
			continue
		}
		known[name] = true
		of, isGiven := given[name]
		if !isGiven && !optional {
			return fmt.Errorf("missing field `%s`", name)
		}
		if !isGiven {
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(of))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(value.Field(i).Addr().Interface()); err != nil {
			return fmt.Errorf("`%s`: %s", name, reason(err))
		}
	}
	var unknown []string
	for name := range given {
		if !known[name] {
			unknown = append(unknown, "`"+name+"`")
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return fmt.Errorf("unknown key: %s", strings.Join(unknown, ", "))
	}
	if checked, ok := settings.(interface{ Check() error }); ok {
		return checked.Check()
	}
	return nil
}

// The key of a field, or nothing where it is no setting.
func key(field reflect.StructField) (name string, optional bool) {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	if !field.IsExported() || name == "-" {
		return "", false
	}
	if name == "" {
		name = field.Name
	}
	optional = field.Type.Kind() == reflect.Pointer || slices.Contains(strings.Split(options, ","), "omitempty")
	return name, optional
}

// What the operator can act on: no names of types of Go where it can be helped.
func reason(err error) string {
	var of *json.UnmarshalTypeError
	if !errors.As(err, &of) {
		return strings.TrimPrefix(err.Error(), "json: ")
	}
	wanted := map[reflect.Kind]string{
		reflect.Slice: "a list", reflect.Map: "an object", reflect.Struct: "an object", reflect.String: "a string",
		reflect.Bool: "true or false",
	}[of.Type.Kind()]
	if wanted == "" {
		wanted = of.Type.String()
	}
	within := ""
	if of.Field != "" {
		within = " in `" + of.Field + "`"
	}
	return fmt.Sprintf("%s is wanted%s, and not: %s", wanted, within, of.Value)
}
