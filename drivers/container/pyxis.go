package container

import (
	"maps"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// pyxis is Slurm's plugin over enroot: its containers are steps of the job, so a process gets options of srun instead of
// another command line. The rest of the command is the agent's, which knows the node.
type pyxis struct{}

func (pyxis) command(_ box, _ string, argv []string) []string { return argv }

func (pyxis) variable(name string) string { return name }

// fits refuses what needs more than one container a node: an unnamed container is the step's own, and a named one stays on the
// node after a job that is killed.
func (pyxis) fits(p drivers.Process) bool { return p.Cluster == nil && p.Versions == nil }

func (pyxis) finish(b box, p *drivers.Process) {
	b.fromFile(p)
	p.Ask = nil // each question would unpack the image once more
	env := map[string]string{"NVIDIA_VISIBLE_DEVICES": "void"}
	if b.gpus {
		env = map[string]string{"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility"}
	}
	maps.Copy(env, p.Env)
	p.Env = env
	p.Step = b.step(variables(*p))
}

// step are the options of srun. Names of variables are given, never values: srun takes them from its own environment. Those of
// --container-env win over the image's own.
func (b box) step(names []string) []string {
	var mounts []string
	for _, bind := range b.binds {
		word := bind.Source + ":" + bind.Target
		if bind.Options != "" {
			word += ":" + strings.ReplaceAll(bind.Options, ",", "+")
		}
		mounts = append(mounts, word)
	}
	out := []string{"--container-image=" + b.file()}
	if len(mounts) > 0 {
		out = append(out, "--container-mounts="+strings.Join(mounts, ","))
	}
	out = append(out, "--no-container-entrypoint")
	// Root inside is the user outside: images with another user could not write the data. What is written elsewhere ends with the step.
	for _, either := range [][]string{
		{"--container-remap-root", "--no-container-remap-root"},
		{"--container-writable", "--container-readonly"},
		{"--no-container-mount-home", "--container-mount-home"},
	} {
		if !slices.ContainsFunc(either, func(o string) bool { return slices.Contains(b.site.Args, o) }) {
			out = append(out, either[0])
		}
	}
	out = append(out, b.site.Args...)
	// PATH is for finding the program where the image sets none; by ASSAY_JOB_DIR the agent knows its own.
	return append(out, "--container-env="+strings.Join(names, ","), "--export="+strings.Join(append(slices.Clone(names), "PATH", "ASSAY_JOB_DIR"), ","))
}

// unsafePath is a path that would be part of the shell script in which pyxis mounts; empty: there is none.
func (b box) unsafePath() string {
	for _, bind := range b.binds {
		for _, p := range []string{bind.Source, bind.Target} {
			if !strings.HasPrefix(p, "$(") && !v1alpha1.PyxisPath(p) {
				return p
			}
		}
	}
	return ""
}
