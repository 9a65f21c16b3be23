package sealed

import (
	"bytes"
	"fmt"
	"slices"
)

// Member is one file of a bundle.
type Member struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	at     int64  // of its content, in the bundle
}

// sums is SHA256SUMS of some members, as sha256sum writes it, in the order of names.
func sums(members []Member) []byte {
	var b bytes.Buffer
	for _, m := range slices.SortedFunc(slices.Values(members), func(a, b Member) int { return order(a.Name, b.Name) }) {
		fmt.Fprintf(&b, "%s  %s\n", m.SHA256, m.Name)
	}
	return b.Bytes()
}

// differs says where SHA256SUMS and the members disagree; nil when they do not.
func differs(listed []byte, members []Member) error {
	want := sums(members)
	if bytes.Equal(listed, want) {
		return nil
	}
	are, said := map[string]string{}, map[string]string{}
	for _, m := range members {
		are[m.Name] = m.SHA256
	}
	for line := range bytes.Lines(listed) {
		sum, name, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("  "))
		if !ok || !isSum(string(sum)) {
			return altered("%s has a line that is none: %.80q", sumsFile, line)
		}
		said[string(name)] = string(sum)
	}
	for _, m := range members {
		switch sum, ok := said[m.Name]; {
		case !ok:
			return altered("%s is not in %s", m.Name, sumsFile)
		case sum != m.SHA256:
			return altered("the content of %s has not the sum that %s says", m.Name, sumsFile)
		}
	}
	for name := range said {
		if are[name] == "" {
			return altered("%q is in %s and missing", name, sumsFile)
		}
	}
	return altered("%s is not in the order of its names", sumsFile)
}
