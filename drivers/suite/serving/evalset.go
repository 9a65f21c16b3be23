package serving

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"assay/api/v1alpha1"
	"assay/drivers/constraint"
	"assay/drivers/safefile"
)

// evalRow is a row of xgrammar_bench: a conversation and the schema of its answer.
type evalRow struct {
	turns  []turn
	schema json.RawMessage
}

// evalSet reads xgrammar_bench from JSON lines with the columns of the public json-mode-eval data set: prompt, a list of
// {role, content}, and schema, JSON Schema as an object or as text. Rows are used in order and from the beginning again.
func evalSet(v *v1alpha1.Serving, seed int64) (*dataset, error) {
	f, err := safefile.Open(v.File)
	if err != nil {
		return nil, fmt.Errorf("reading the data set: %w", err)
	}
	defer f.Close()
	rows, err := readLines(io.LimitReader(f, maxFile), evalLine)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the data set %s: %w", v.File, err)
	case len(rows) == 0:
		return nil, fmt.Errorf("the data set %s has no row", v.File)
	}
	return &dataset{
		name: v.Dataset, seed: seed, canary: canaryJSON,
		turns: func(i int) []turn { return rows[max(i, -i)%len(rows)].turns },
		own: func(i int, _ *rand.Rand) constraint.Constraint {
			return constraint.Constraint{JSON: rows[max(i, -i)%len(rows)].schema}
		},
	}, nil
}

func evalLine(line []byte) (row evalRow, err error) {
	var c struct {
		Prompt []turn          `json:"prompt"`
		Schema json.RawMessage `json:"schema"`
	}
	if err := json.Unmarshal(line, &c); err != nil {
		return row, err
	}
	var text string
	if json.Unmarshal(c.Schema, &text) == nil {
		c.Schema = json.RawMessage(text)
	}
	if len(c.Prompt) == 0 || len(c.Schema) == 0 {
		return row, errors.New("needs prompt, a list of {role, content}, and schema")
	}
	if _, err := constraint.Compile(constraint.Constraint{JSON: c.Schema}); err != nil {
		return row, fmt.Errorf("its schema: %w", err)
	}
	return evalRow{c.Prompt, c.Schema}, nil
}
