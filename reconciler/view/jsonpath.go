package view

import (
	"encoding/json"
	"fmt"
	"io"

	"k8s.io/client-go/util/jsonpath"
)

// CheckJSONPath refuses a template that cannot be filled.
func CheckJSONPath(template string) error {
	if err := jsonpath.New("").Parse(template); err != nil {
		return fmt.Errorf("the template %q is not understood: %w; write it as kubectl does: -o jsonpath='{.items[*].metadata.name}'", template, err)
	}
	return nil
}

// JSONPath writes the template filled with what v is as JSON, and ends the line. What v lacks is empty.
func JSONPath(w io.Writer, template string, v any) error {
	p := jsonpath.New("").AllowMissingKeys(true)
	b, err := json.Marshal(v)
	var decoded any
	if err == nil {
		err = json.Unmarshal(b, &decoded)
	}
	if err == nil {
		err = p.Parse(template)
	}
	if err == nil {
		err = p.Execute(w, decoded)
	}
	if err != nil {
		return fmt.Errorf("filling the template %q: %w", template, err)
	}
	_, err = fmt.Fprintln(w)
	return err
}
