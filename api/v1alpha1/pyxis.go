package v1alpha1

import (
	"fmt"
	pathpkg "path"
	"regexp"
	"slices"
	"strings"
)

const collector = "otel-collector"

// pyxisPath is a path that pyxis can be given: it writes what it mounts into a shell script.
var pyxisPath = regexp.MustCompile(`^/[A-Za-z0-9._/@%+=-]*$`)

// pyxisArgs are the options of pyxis that a site can set. The others are assay's own, or name what pyxis keeps after a job.
var pyxisArgs = []string{"--container-writable", "--container-readonly", "--container-mount-home", "--no-container-mount-home",
	"--container-remap-root", "--no-container-remap-root", "--container-workdir"}

// steersSrun matches variables that change what srun, pyxis or enroot themselves do: their environment is the container's.
var steersSrun = regexp.MustCompile(`^(SLURM|SRUN|SBATCH|SPANK|PYXIS|ENROOT)_|^LD_(PRELOAD|AUDIT)$`)

// reads reports whether the site's runtime runs an image that is this file.
func (s SiteContainer) reads(path string) bool {
	switch s.Runtime {
	case RuntimePodman:
		return false
	case RuntimePyxis:
		return pathpkg.Ext(path) == ".sqsh"
	}
	return true
}

// sitePyxis checks a site whose containers are steps of its jobs.
func (c *checker) sitePyxis(s SiteSpec) {
	if s.Container.Runtime != RuntimePyxis {
		return
	}
	const at = "spec.container"
	if s.Scheduler == Local {
		c.bad(at+".runtime", "pyxis is a plugin of Slurm, and this site's scheduler is local", "write podman or apptainer, or scheduler: slurm")
	}
	for i, a := range s.Container.Args {
		if option, _, _ := strings.Cut(a, "="); !slices.Contains(pyxisArgs, option) {
			c.bad(fmt.Sprintf("%s.args[%d]", at, i), "must be one of "+strings.Join(pyxisArgs, ", ")+" with pyxis, found "+brief(a), "")
		}
	}
	for path, dir := range map[string]string{at + ".images": s.Container.Images, "spec.paths.state": s.Paths.State, "spec.paths.work": s.Paths.Work} {
		if dir != "" {
			c.pyxisPath(path, dir)
		}
	}
	c.pyxisBinds(at, s.Container.Binds)
}

// pyxis refuses what a service cannot have where containers are steps of its job.
func (c *checker) pyxis(site Site, path string, s Service) {
	if site.Spec.Container.Runtime != RuntimePyxis || len(s.Images()) == 0 {
		return
	}
	c.pyxisBinds(path, s.Binds)
	if strings.HasPrefix(s.Image, "/") {
		c.pyxisPath(path+".image", s.Image)
	}
	for _, name := range slices.Concat(keys(s.Env), keys(s.Secrets)) {
		if !steersSrun.MatchString(name) {
			continue
		}
		at := path + ".env[" + name + "]"
		if _, secret := s.Secrets[name]; secret {
			at = path + ".secrets[" + name + "]"
		}
		c.bad(at, "would change what srun and pyxis do themselves, which start this container", "remove it, or write image: none")
	}
	if s.Monitors != nil {
		if ref, written := s.ImageOf(collector); !written && slices.Contains(s.Images(), ref) {
			c.bad(path+".monitors", "enroot needs a shell in an image, and the collector's has none", "write monitors.images: {"+collector+": none} for the program on PATH, or components without it")
		}
	}
	if v := s.VLLM; v != nil && (v.Backend == BackendRay || v.Backend == BackendAuto) {
		c.bad(path+".vllm.backend", "a Ray cluster cannot run in pyxis' containers, and the image's tag does not say that it needs none, as vLLM does from 0.12 on",
			"write backend: mp, with an image that has 0.12 or newer")
	}
}

func (c *checker) pyxisBinds(path string, binds []string) {
	for i, word := range binds {
		b, err := ParseBind(word)
		if err != nil {
			continue // said already
		}
		for _, p := range []string{b.Source, b.Target} {
			c.pyxisPath(fmt.Sprintf("%s.binds[%d]", path, i), p)
		}
	}
}

func (c *checker) pyxisPath(path, dir string) {
	if !PyxisPath(dir) {
		c.bad(path, "pyxis puts it into a shell script: only letters, digits and ._/@%+=- are safe there, found "+brief(dir), "")
	}
}

// PyxisPath reports whether a path can be given to pyxis.
func PyxisPath(path string) bool { return pyxisPath.MatchString(path) }
