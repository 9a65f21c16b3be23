package v1alpha1

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"
)

// Encode writes v, a type of this package or anything with JSON tags, as YAML with sorted keys: equal values give
// equal bytes. Decode reads a Site or an Experiment back from it to the same value.
func Encode(v any) ([]byte, error) {
	out, err := yaml.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding as YAML: %w", err)
	}
	return out, nil
}

// Hash names a revision: 12 hex digits that change with the name, the labels or the spec of an experiment. The
// experiment must have its defaults filled in, so that a default that is written out does not change the hash.
func Hash(e Experiment) string {
	data, err := json.Marshal(struct {
		Metadata Metadata       `json:"metadata"`
		Spec     ExperimentSpec `json:"spec"`
	}{e.Metadata, e.Spec})
	if err != nil {
		panic("v1alpha1: an experiment has no JSON form: " + err.Error()) // only values that JSON cannot hold: NaN, a channel
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}
