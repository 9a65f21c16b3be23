// Package v1alpha1 is what users write and what they read back: the kinds Site and Experiment, and their status.
// It does no I/O and reads no clock.
//
// # From bytes to a manifest
//
// [Load] is the whole way: decode, fill in defaults, validate. [Decode] is its first step alone, for documents that
// are only to be read. Both look at every YAML document of every file and report all problems at once, sorted, as a
// *multierror.Error of [Problem], each written file:line:col: path: message (hint).
//
//   - decode.go splits files into documents and finds out their kind.
//   - node.go walks a document and the Go type that it is to become side by side. Doing both in one pass gives every
//     problem its line and column, and lets decoding go on after the first one.
//   - plain.go reads scalars and refuses the ones that two YAML parsers read differently.
//   - defaults.go is the only place with defaults. Defaulting what is already complete changes nothing.
//   - rules.go applies the validate tags of types.go; site.go, service.go, benchmark.go and graph.go hold the checks
//     that need more than one field.
//   - encode.go writes the canonical form, and its hash, which names a revision.
//
// # What is stricter than YAML
//
// Keys are exact in case, and appear once. An unquoted yes, no, on, off, y or n, a number like 0777, 0x1F, 1_000 or
// 1:30 is an error where it would be ambiguous. Merge keys and tags are errors; anchors and aliases work, within a
// limit. A field without a value is an error. In vllm.args numbers become float64, as encoding/json does it, so that a
// manifest read from a stored revision equals the one that was applied.
//
// # Problems that follow from problems
//
// Validation also looks at documents that did not decode completely, but says nothing about a place that is known to
// be wrong, nor that something is missing beside a field that it does not know: that field is probably the one.
//
// # Dependencies
//
// go.yaml.in/yaml/v3 parses, because its nodes know their line and column. sigs.k8s.io/yaml writes, because it goes
// through the JSON tags and quotes whatever any YAML version would read differently. validator/v10 keeps rules beside
// the fields that they are for. go-multierror carries many problems in one error. levenshtein finds the name that was
// meant.
package v1alpha1
