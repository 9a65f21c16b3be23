package arguments

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
)

// Find says where the program of a service is on this machine: what changes with its version (the program or the image that has
// it), and the command line that runs argv with it. Its error wraps fs.ErrNotExist when it is not here.
type Find func(site v1alpha1.Site, s v1alpha1.Service, argv []string) (file string, command []string, err error)

// patience is how long a program is asked before somebody is told that it is.
var patience = 3 * time.Second

// Rule checks the options of every model server that is not simulated, with the programs that find finds; answers are kept in the
// folder cache. A program is asked once, however many points a sweep has. say tells what is waited for.
func Rule(ctx context.Context, cache string, say func(string), find Find) v1alpha1.Rule {
	asked := map[string]answer{}
	return func(site v1alpha1.Site, e v1alpha1.Experiment) (out []v1alpha1.Finding) {
		for i, s := range e.Spec.Services {
			kind, argv, args := server(s)
			if len(args) == 0 {
				continue
			}
			at := fmt.Sprintf("spec.services[%d].%s.args", i, kind)
			file, command, err := find(site, s, argv)
			key := file + "\x00" + strings.Join(command, "\x00")
			a, known := asked[key]
			if !known && err == nil {
				long := time.AfterFunc(patience, func() {
					say(fmt.Sprintf("asking %s for its options, before anything is submitted; that may take %s", command[0], helpFor))
				})
				a.options, a.err = Ask(ctx, cache, file, command)
				long.Stop()
				asked[key] = a
			}
			switch err = errors.Join(err, a.err); {
			case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
			case err != nil:
				out = append(out, v1alpha1.Finding{Path: at, Message: "could not be checked: " + err.Error(), Warning: true})
			default:
				out = append(out, Check(a.options, at, args)...)
			}
		}
		return out
	}
}

type answer struct {
	options []Option
	err     error
}

// server is the kind of a model server, the command that prints its help, and its options.
func server(s v1alpha1.Service) (kind string, argv []string, args map[string]any) {
	switch {
	case s.VLLM != nil && s.VLLM.Simulate == nil:
		return "vllm", slices.Concat(s.VLLM.Program(), []string{"--help=all"}), s.VLLM.Args
	case s.SGLang != nil:
		return "sglang", slices.Concat(s.SGLang.Program(), []string{"--help"}), s.SGLang.Args
	case s.LlamaCpp != nil:
		return "llamacpp", slices.Concat(s.LlamaCpp.Program(), []string{"--help"}), s.LlamaCpp.Args
	}
	return "", nil, nil
}
