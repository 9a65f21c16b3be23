package container

import (
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// apptainer is Apptainer and Singularity, which take the same options.
type apptainer struct{ program string }

func (a apptainer) command(b box, role string, argv []string) []string {
	if len(argv) == 0 {
		return nil
	}
	out := []string{a.program}
	if role == roleOnce { // its output is parsed: the runtime's own messages can hold numbers
		out = append(out, "--silent")
	}
	out = append(out, "exec", "--cleanenv")
	// --nvccli sets --nv by itself: with either of them in the site's options there is nothing to add.
	if b.gpus && !slices.ContainsFunc(b.site.Args, forGPUs) {
		out = append(out, "--nv")
	}
	for _, word := range b.site.Args {
		if b.gpus || !forGPUs(word) { // on a node without GPUs such an option fails
			out = append(out, word)
		}
	}
	for _, bind := range b.binds {
		out = append(out, "--bind", apptainerBind(bind))
	}
	return append(append(out, b.file()), argv...)
}

func forGPUs(option string) bool {
	return option == "--nv" || option == "--nvccli" || option == "--rocm"
}

func apptainerBind(b v1alpha1.Bind) string {
	word := b.Source
	if b.Target != b.Source || b.Options != "" {
		word += ":" + b.Target
	}
	if b.Options != "" {
		word += ":" + b.Options
	}
	return word
}

// variable hides a variable from --cleanenv: the runtime takes the prefix off inside.
func (a apptainer) variable(name string) string { return strings.ToUpper(a.program) + "ENV_" + name }

func (a apptainer) finish(b box, p *drivers.Process) {
	b.fromFile(p)
	if p.Env == nil {
		p.Env = map[string]string{}
	}
	for _, name := range given {
		if _, ok := p.Env[a.variable(name)]; !ok {
			p.Env[a.variable(name)] = "$(" + name + ")"
		}
	}
}
