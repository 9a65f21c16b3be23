package v1alpha1

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// frame is one level of the walk: the node, and whether it is, or lies in, what an alias stands for.
type frame struct {
	node    *yaml.Node
	aliased bool
}

// enter follows an alias and enforces the limits; every success is paired with leave.
func (d *document) enter(n *yaml.Node, path string) (*yaml.Node, bool) {
	if d.full() {
		return nil, false
	}
	aliased := len(d.open) > 0 && d.open[len(d.open)-1].aliased
	if n.Kind == yaml.AliasNode {
		if slices.ContainsFunc(d.open, func(f frame) bool { return f.node == n.Alias }) {
			d.wrong(n, path, "the alias *"+n.Value+" contains itself", "")
			return nil, false
		}
		aliased, n = true, n.Alias
	}
	if aliased {
		if d.aliased++; d.aliased == maxAliased {
			d.wrong(n, path, fmt.Sprintf("aliases stand for more than %d values", maxAliased), "write the values out")
		}
	}
	if d.entered++; d.entered == maxValues {
		d.wrong(n, path, fmt.Sprintf("more than %d values come before this; a document can have at most so many", maxValues), "")
	}
	switch {
	case d.entered >= maxValues:
		return nil, false
	case len(n.Value) > maxText:
		d.wrong(n, path, fmt.Sprintf("has %d bytes; a value can have at most %d", len(n.Value), maxText), "")
		return nil, false
	case len(path) > maxPath:
		d.wrong(n, path[:maxKey]+"…", fmt.Sprintf("its path has %d bytes; there can be at most %d", len(path), maxPath), "")
		return nil, false
	case len(n.Content) > maxItems*perItem(n):
		d.wrong(n, path, fmt.Sprintf("has %d entries; there can be at most %d", len(n.Content)/perItem(n), maxItems), "")
		return nil, false
	case d.aliased >= maxAliased && aliased:
		return nil, false
	case len(d.open) >= maxDepth:
		d.wrong(n, path, fmt.Sprintf("is nested more than %d levels deep", maxDepth), "")
		return nil, false
	case n.Style&yaml.TaggedStyle != 0:
		d.wrong(n, path, "YAML tags are not supported", "remove "+n.Tag)
		return nil, false
	}
	if message := d.tooManyWords(n.Value); message != "" {
		d.wrong(n, path, message, "")
	}
	d.open = append(d.open, frame{n, aliased})
	return n, true
}

// perItem is how many nodes an entry has: a key and a value in a mapping.
func perItem(n *yaml.Node) int {
	if n.Kind == yaml.MappingNode {
		return 2
	}
	return 1
}

func (d *document) leave() { d.open = d.open[:len(d.open)-1] }
