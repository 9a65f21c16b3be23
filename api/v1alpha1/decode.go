package v1alpha1

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is a manifest as it was read. Name is used in messages only.
type File struct {
	Name string
	Data []byte
}

// Manifest is all that was declared in some files, in their order.
type Manifest struct {
	Sites       []Site
	Experiments []ExperimentDoc
	Warnings    []Problem // what is allowed but probably not meant; only Load finds them
	Refused     []Problem // Sites that arrived through git and are not taken; only LoadFollowed finds them
}

// ExperimentDoc is an experiment and where it was declared.
type ExperimentDoc struct {
	Experiment
	File string
	Line int // of the document, from 1

	doc *document // positions of its fields; nil when it was not read from YAML
}

// Decode reads every document of every file, without defaults and without validation. Its error is a *multierror.Error of
// Problem; the manifest then holds what could be read.
func Decode(files []File) (Manifest, error) {
	docs, problems := decodeAll(files)
	return manifestOf(docs), combine(problems)
}

func manifestOf(docs []*document) Manifest {
	var m Manifest
	for _, d := range docs {
		m.Warnings = append(m.Warnings, d.warnings...)
		switch {
		case d.site != nil:
			m.Sites = append(m.Sites, *d.site)
		case d.experiment != nil:
			m.Experiments = append(m.Experiments, ExperimentDoc{*d.experiment, d.file, d.line, d})
		}
	}
	return m
}

// decodeAll returns the documents and the problems of all files; documents know their own problems too.
func decodeAll(files []File) (docs []*document, problems []Problem) {
	docs, problems = decodeFiles(files)
	return docs, append(problems, problemsOf(files, docs, problems)...)
}

// decodeFiles returns the documents of all files, and the problems that are of no document.
func decodeFiles(files []File) (docs []*document, problems []Problem) {
	left := allowance{maxDocuments, maxTroubles}
	for _, f := range files {
		more, bad := decodeFile(f, &left)
		docs, problems = append(docs, more...), append(problems, bad...)
	}
	return withoutPipelines(docs), problems
}

// problemsOf are those of documents. That there is neither a document nor another problem is one too.
func problemsOf(files []File, docs []*document, others []Problem) (problems []Problem) {
	for _, d := range docs {
		problems = append(problems, d.problems...)
	}
	if len(docs) == 0 && len(others) == 0 {
		p := Problem{Message: "the manifest is empty", Hint: "write a document with apiVersion: " + APIVersion + " and kind: " + KindExperiment}
		if len(files) > 0 {
			p.File, p.Line, p.Col = files[0].Name, 1, 1
		}
		problems = append(problems, p)
	}
	return problems
}

func decodeFile(f File, left *allowance) (docs []*document, problems []Problem) {
	if len(f.Data) > MaxFile {
		return nil, []Problem{{File: f.Name, Line: 1, Col: 1, Message: fmt.Sprintf(
			"has %d bytes; a manifest can have at most %d", len(f.Data), MaxFile)}}
	}
	if line, col, beyond := marks(f.Data); beyond {
		return nil, []Problem{{File: f.Name, Line: line, Col: col, Message: fmt.Sprintf(
			"more than %d values and lines come before this; a manifest can have at most so many", maxMarks)}}
	}
	nodes, syntax := parse(f.Data, left)
	if p := strangeText(f.Data, syntax == nil && len(nodes) > 0 && len(nodes[0].Content) > 0 && nodes[0].Content[0].Kind == yaml.MappingNode); p != nil {
		p.File = f.Name
		return nil, []Problem{*p}
	}
	for _, n := range nodes {
		if len(n.Content) == 0 || n.Content[0].Tag == "!!null" && n.Content[0].Value == "" {
			continue // nothing between two ---
		}
		if left.troubles <= 0 {
			return docs, append(problems, Problem{File: f.Name, Line: n.Line, Col: n.Column, Message: fmt.Sprintf(
				"more than %d problems come before this: it was not looked at", maxTroubles)})
		}
		d := decodeDocument(f.Name, n.Content[0])
		left.troubles -= len(d.problems)
		docs = append(docs, d)
	}
	if syntax != nil {
		syntax.File = f.Name
		problems = append(problems, *syntax)
	}
	return docs, problems
}

// parse returns the documents up to the first syntax error, or as many as are left.
func parse(data []byte, left *allowance) ([]*yaml.Node, *Problem) {
	var nodes []*yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(string(data)))
	for {
		n := new(yaml.Node)
		switch err := dec.Decode(n); err {
		case nil:
			if left.documents--; left.documents < 0 {
				return nil, &Problem{Line: n.Line, Col: n.Column, Message: fmt.Sprintf("is document %d; a manifest can have at most %d", maxDocuments+1, maxDocuments)}
			}
			nodes = append(nodes, n)
		case io.EOF:
			return nodes, nil
		default:
			return nodes, syntaxProblem(data, err)
		}
	}
}

// decodeDocument reads one document. A misspelt kind is read as the nearest one, so that the other problems are found too.
func decodeDocument(file string, root *yaml.Node) *document {
	d := &document{file: file, line: root.Line, places: map[string]place{"": {root, root}},
		wrongAt: map[string]bool{}, wrongIn: map[string]bool{}}
	if root.Kind != yaml.MappingNode {
		d.wrong(root, "", "must be a mapping with apiVersion, kind, metadata and spec, found "+found(root), "")
		return d
	}
	if message, hint := strange(root); message != "" {
		d.pipeline = ciOf(root) != ""
		d.wrong(root, "", message, hint)
		return d
	}
	d.version(root)
	switch kind := d.kind(root); kind {
	case KindSite:
		d.site = new(Site)
		d.value(root, reflect.ValueOf(d.site).Elem(), "")
		d.site.APIVersion, d.site.Kind = APIVersion, kind
	case KindExperiment:
		d.experiment = new(Experiment)
		d.value(root, reflect.ValueOf(d.experiment).Elem(), "")
		d.experiment.APIVersion, d.experiment.Kind = APIVersion, kind
	}
	return d
}

// kind finds out the kind of a document before the rest is decoded; "" when it is unknown.
func (d *document) kind(root *yaml.Node) string {
	kinds := []string{KindSite, KindExperiment}
	n := lookup(root, "kind")
	switch {
	case n == nil:
		d.wrong(root, "kind", "is required", "write kind: "+KindExperiment)
		return ""
	case slices.Contains(kinds, n.Value):
		return n.Value
	}
	d.wrong(n, "kind", "must be Experiment or Site, found "+found(n), near(n.Value, kinds))
	return Nearest(n.Value, kinds)
}

func (d *document) version(root *yaml.Node) {
	hint := "write apiVersion: " + APIVersion
	if n := lookup(root, "apiVersion"); n == nil {
		d.wrong(root, "apiVersion", "is required", hint)
	} else if n.Value != APIVersion {
		d.wrong(n, "apiVersion", "must be "+APIVersion+", found "+found(n), hint)
	}
}

// lookup returns the value of a key of a mapping, or nil.
func lookup(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}
