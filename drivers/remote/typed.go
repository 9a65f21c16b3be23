package remote

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Typed is a verb as it was typed on the laptop. Flags and files are read by who knows the verb.
type Typed struct {
	Context  Context
	Verb     string   // its path: "site import"
	Args     []string // all, without the program's name
	Pos      []string // the arguments that are not flags
	Flag     func(name string) string
	Terminal Terminal
	Secret   func(v1alpha1.Secret) (string, error) // reads a value on this machine
}

// uses is what a verb reads and writes on the laptop, in addition to -f and its streams.
type uses struct {
	secrets, files bool   // those that manifests name
	results        bool   // files that arguments name as file:PATH
	takes          bool   // the file that its argument is, and the one of --allowed-signers
	ports          bool   // it opens ports of loopback
	saves          string // the flag that names a file that it writes
}

// used are the uses of verbs, by their paths.
var used = map[string]uses{
	"apply": {secrets: true, files: true}, "diff": {secrets: true, files: true}, "watch": {secrets: true, files: true},
	"plan": {secrets: true, files: true}, "pull": {secrets: true},
	"compare": {results: true},
	"tunnel":  {ports: true},
	"report":  {saves: "out"}, "logs": {saves: "save"}, "site import": {saves: "output"},
	"bundle create": {saves: "output"}, "bundle replay": {takes: true},
}

func (t Typed) uses() uses {
	u := used[t.Verb]
	if t.Verb == "plan" && t.Flag("dry-run") == "true" {
		u.secrets = false
	}
	return u
}

// Laptop is what the verb needs of this machine; m is what its -f holds, nil without one. Streams, the port of a verb and the
// channels are the caller's to add.
func (t Typed) Laptop(m *Manifest) (Laptop, error) {
	u := t.uses()
	l := Laptop{Request: Request{Args: t.Args, Context: t.Context.Name, Manifest: m, Terminal: t.Terminal}, Ports: u.ports,
		Replaces: t.Verb != "site import" || t.Flag("force") == "true"}
	if t.Context.State != "" && t.Flag("state") == "" {
		l.Request.Args = append([]string{"--state", t.Context.State}, t.Args...)
	}
	for _, ref := range t.Pos {
		if path, ok := strings.CutPrefix(ref, "file:"); ok && u.results {
			f, err := Attach(path)
			if err != nil {
				return l, fmt.Errorf("reading the results of %s: %w", ref, err)
			}
			l.Request.Attached = append(l.Request.Attached, f)
		}
	}
	for _, path := range append(t.Pos[:len(t.Pos):len(t.Pos)], t.Flag("allowed-signers")) {
		if u.takes && path != "" {
			f, err := Attach(path)
			if err != nil {
				return l, fmt.Errorf("reading %s: %w", path, err)
			}
			l.Request.Attached = append(l.Request.Attached, f)
		}
	}
	if name := t.Flag(u.saves); name != "" && name != "-" {
		l.Saves = append(l.Saves, name)
	} else if t.Verb == "report" && name == "" && t.Terminal.Out > 0 {
		l.Saves = append(l.Saves, t.Pos[0]+"-report.html")
	}
	return l, nil
}

// Manifest adds to files what they name on this machine: secrets, and data sets by relative paths, which count from folders
// (by the names of the files). What cannot be decoded is reported at the site, where it is validated.
func (t Typed) Manifest(files []v1alpha1.File, folders map[string]string, from drivers.Origin) Manifest {
	u := t.uses()
	out := Manifest{Files: files, Folders: folders, Origin: from}
	m, _ := v1alpha1.Decode(files)
	known := map[v1alpha1.Secret]bool{}
	var problems []string
	for _, e := range m.Experiments {
		for _, s := range e.Spec.Services {
			for _, ref := range s.Secrets {
				if !known[ref] && u.secrets {
					known[ref] = true
					out.Secrets = append(out.Secrets, t.secret(ref))
				}
			}
		}
		e.EachFile(func(path string) string {
			if !v1alpha1.Relative(path) || !u.files {
				return path
			}
			f, err := Attach(filepath.Join(folders[e.File], path))
			if err != nil {
				problems = append(problems, fmt.Sprintf("%s:%d: experiment %s names the file %s: %v", e.File, e.Line, e.Metadata.Name, path, err))
			}
			out.Attached = append(out.Attached, f)
			return path
		})
	}
	out.Problem = strings.Join(problems, "\n")
	return out
}

func (t Typed) secret(ref v1alpha1.Secret) Secret {
	out := Secret{Env: ref.Env, File: ref.File}
	var err error
	if out.Value, err = t.Secret(ref); err != nil {
		out.Problem = err.Error()
	}
	return out
}

// Err is what was wrong with the files of a manifest.
func (m Manifest) Err() error {
	if m.Problem == "" {
		return nil
	}
	return errors.New(m.Problem)
}

// Hides are the variables that hold secrets of the request, which ssh does not get.
func (l Laptop) Hides() (names []string) {
	if l.Request.Manifest == nil {
		return nil
	}
	for _, s := range l.Request.Manifest.Secrets {
		if s.Env != "" {
			names = append(names, s.Env)
		}
	}
	return names
}
