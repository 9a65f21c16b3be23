package starter

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"unicode"

	"assay/api/v1alpha1"
)

//go:embed manifests
var manifests embed.FS

// Kinds are what a first manifest can be for.
var Kinds = []string{"serving", "rag", "storage", "sweep", "nightly"}

// Meaning is a kind in words.
var Meaning = map[string]string{
	"serving": "a model server and a benchmark of it",
	"rag":     "a model server and a vector database, with benchmarks of both",
	"storage": "a directory, striped on Lustre, and a benchmark of it",
	"sweep":   "a model server measured at several loads and settings",
	"nightly": "a check for every night: repeats, gates, and an exit code for CI",
}

// Answers are what a first manifest is made from. Only Kind is needed.
type Answers struct {
	Kind      string
	Name      string // of the experiment; default: the kind
	Model     string // default: none, and the server is simulated
	Site      string // default: this machine
	Partition string // of a site with Slurm
	Nodes     int    // of a server; default 1
	Path      string // of the directory; default: one that assay makes
	File      string // in which the manifest will be, for its comments; default: NAME.yaml
}

var plainText = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9/._-]*$`)

// text writes a value so that YAML reads it as text.
func text(s string) string {
	if plainText.MatchString(s) && !slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}, strings.ToLower(s)) {
		return s
	}
	return strconv.Quote(s)
}

// Write returns the manifest. Its error says which answer is not possible, as v1alpha1.Load does.
func Write(a Answers) ([]byte, error) {
	if !slices.Contains(Kinds, a.Kind) {
		return nil, fmt.Errorf("no kind %q; kinds are %s", a.Kind, strings.Join(Kinds, ", "))
	}
	a.Name, a.Nodes = cmp.Or(a.Name, a.Kind), max(a.Nodes, 1)
	if a.File = cmp.Or(a.File, a.Name+".yaml"); strings.ContainsFunc(a.File, unicode.IsControl) {
		return nil, fmt.Errorf("the name of the file holds a control character: %q", a.File)
	}
	local := a.Site == "" || a.Site == v1alpha1.Local
	t, err := template.New("").Funcs(template.FuncMap{"text": text, "cluster": func() bool { return !local }}).ParseFS(manifests, "manifests/*")
	var b bytes.Buffer
	if err == nil {
		err = t.ExecuteTemplate(&b, a.Kind+".yaml", a)
	}
	if err != nil {
		return nil, fmt.Errorf("writing a manifest of the kind %s: %w", a.Kind, err)
	}
	sites := map[string]v1alpha1.Site{}
	if !local { // what it has is not known here
		sites[a.Site] = v1alpha1.DefaultSite(v1alpha1.Site{Metadata: v1alpha1.Metadata{Name: a.Site}, Spec: v1alpha1.SiteSpec{Scheduler: v1alpha1.Slurm}})
	}
	if _, err := v1alpha1.Load([]v1alpha1.File{{Name: a.Name + ".yaml", Data: b.Bytes()}}, sites, v1alpha1.Local); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
