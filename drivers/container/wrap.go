package container

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// runtime builds the command lines of one container runtime.
type runtime interface {
	// command is the argument list that runs argv in the box's container; role tells containers of one process apart,
	// and is empty for the process itself.
	command(b box, role string, argv []string) []string
	// variable is the name under which the runtime has to be given a variable of the process.
	variable(name string) string
	// finish adds what the process needs apart from its command.
	finish(b box, p *drivers.Process)
}

// Roles of the further containers of a process.
const (
	roleHead   = "ray-head"
	roleWorker = "ray-worker"
	roleRank   = "rank"
	roleOnce   = "once" // a command that prints something and ends
)

// box is one process's container.
type box struct {
	kind    string // of the service
	site    v1alpha1.SiteContainer
	image   v1alpha1.Image
	process drivers.Process // as it would run without
	gpus    bool
	cluster bool
	names   []string // of the variables of the process, sorted
	binds   []v1alpha1.Bind
}

// Wrap returns c with the processes that are to run in a container doing so. The site's container.images and paths.work
// have to be set.
func Wrap(site v1alpha1.Site, svc v1alpha1.Service, c drivers.Compiled) (drivers.Compiled, error) {
	if c.Simulated || c.URL != "" || c.Lustre != nil {
		return c, nil
	}
	c.Processes = slices.Clone(c.Processes)
	for i, p := range c.Processes {
		wrapped, err := wrapOne(site, svc, c.Kind, p)
		if err != nil {
			return c, fmt.Errorf("service %s: %w", p.Name, err)
		}
		c.Processes[i] = wrapped
	}
	return c, nil
}

func wrapOne(site v1alpha1.Site, svc v1alpha1.Service, kind string, p drivers.Process) (drivers.Process, error) {
	_, component, _ := strings.Cut(p.Name, ".")
	ref, written := svc.ImageOf(component)
	switch {
	case ref == "":
		return p, nil
	case !site.Spec.Container.Runs() && written:
		return p, fmt.Errorf("site %s runs no containers: write container.runtime in its Site, or image: none", site.Metadata.Name)
	case !site.Spec.Container.Runs():
		return p, nil
	}
	var r runtime
	switch name := site.Spec.Container.Runtime; name {
	case v1alpha1.RuntimeApptainer, v1alpha1.RuntimeSingularity:
		r = apptainer{program: name}
	case v1alpha1.RuntimePodman:
		r = podman{}
	case v1alpha1.RuntimePyxis:
		r = pyxis{}
		if !(pyxis{}).fits(p) {
			return p, fmt.Errorf("a Ray cluster cannot run in pyxis' containers; write vllm.backend: mp, with vLLM 0.12 or newer")
		}
	default:
		return p, fmt.Errorf("site %s: container.runtime %q is not known", site.Metadata.Name, name)
	}
	b, err := newBox(site, svc, kind, ref, p)
	if err != nil {
		return p, err
	}
	return b.wrap(r)
}

func newBox(site v1alpha1.Site, svc v1alpha1.Service, kind, ref string, p drivers.Process) (box, error) {
	image, err := v1alpha1.ParseImage(ref)
	if err != nil {
		return box{}, fmt.Errorf("image: %w", err)
	}
	b := box{kind: kind, site: site.Spec.Container, image: image, process: p, cluster: p.Cluster != nil}
	b.gpus = svc.Resources.GPUsPerNode != nil && *svc.Resources.GPUsPerNode > 0
	b.names = variables(p)
	if p.Data != "" {
		b.binds = append(b.binds, same("$(DATA)"))
	}
	if len(p.Files) > 0 || p.Targets != "" || p.Dashboards != "" {
		b.binds = append(b.binds, same("$(CONF)"))
	}
	if models[kind] && site.Spec.Paths.Work != "" { // models are kept below it (HF_HOME)
		b.binds = append(b.binds, same(site.Spec.Paths.Work))
	}
	for _, word := range slices.Concat(site.Spec.Container.Binds, svc.Binds) {
		bind, err := v1alpha1.ParseBind(word)
		if err != nil {
			return box{}, fmt.Errorf("binds: %w", err)
		}
		b.binds = append(b.binds, bind)
	}
	for _, dir := range []string{p.Data, site.Spec.Paths.Work} {
		if strings.ContainsAny(dir, ":,") {
			return box{}, fmt.Errorf("%s cannot be bound into a container, because of its : or comma; choose another paths.work", dir)
		}
	}
	if site.Spec.Container.Runtime != v1alpha1.RuntimePyxis {
		return b, nil
	}
	if p.Door != nil { // which is a process of assay's, in front of the server and in its container
		b.binds = append(b.binds, v1alpha1.Bind{Source: "$(ASSAY)", Target: "$(ASSAY)", Options: "ro"})
	}
	for _, dir := range []string{p.Data, site.Spec.Paths.State} { // that $(DATA), $(CONF) and $(ASSAY) are, or are below
		if dir != "" && !v1alpha1.PyxisPath(dir) {
			return box{}, fmt.Errorf("%s cannot be mounted by pyxis, which puts it into a shell script; choose other paths for the Site", dir)
		}
	}
	if bad := b.unsafePath(); bad != "" {
		return box{}, fmt.Errorf("%s cannot be mounted by pyxis, which puts it into a shell script; choose another path", bad)
	}
	return b, nil
}

// models are the kinds whose servers read weights from the hub's folder, and share memory among their processes.
var models = map[string]bool{"vllm": true, "sglang": true, "llamacpp": true}

func same(dir string) v1alpha1.Bind { return v1alpha1.Bind{Source: dir, Target: dir} }

// given are the variables that the agent gives to every process. The GPUs are its choice too.
var given = []string{"HOST", "PORT"}

// variables are the names of all variables that the process can have.
func variables(p drivers.Process) []string {
	names := map[string]bool{}
	add := func(from map[string]string) {
		for name := range from {
			names[name] = true
		}
	}
	add(p.Env)
	add(p.Secrets)
	for _, name := range given {
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// wrap returns the process with every command of it in the container.
func (b box) wrap(r runtime) (drivers.Process, error) {
	p := b.process
	if len(p.Argv) == 0 {
		return p, fmt.Errorf("it has no command")
	}
	p.Argv = r.command(b, "", b.inside(p.Argv))
	if p.Cluster != nil {
		c := *p.Cluster
		c.Head, c.Worker = r.command(b, roleHead, c.Head), r.command(b, roleWorker, c.Worker)
		c.Status = r.command(b, roleOnce, c.Status)
		p.Cluster = &c
	}
	if p.Ranks != nil {
		ranks := *p.Ranks
		ranks.Others = slices.Clone(ranks.Others)
		for i, argv := range ranks.Others {
			ranks.Others[i] = r.command(b, roleRank, argv)
		}
		if v := ranks.Versions; v != nil {
			asked := *v
			asked.Argv = r.command(b, roleOnce, v.Argv)
			ranks.Versions = &asked
		}
		p.Ranks = &ranks
	}
	p.Env = renamed(p.Env, r)
	p.Secrets = renamed(p.Secrets, r)
	if p.Token != "" {
		p.Token = r.variable(p.Token)
	}
	if p.Versions != nil {
		v := *p.Versions
		v.Argv = r.command(b, roleOnce, b.inside(v.Argv))
		p.Versions = &v
	}
	if bad := slices.Index(b.names, "HOME"); bad >= 0 && r.variable("HOME") != "HOME" {
		return p, fmt.Errorf("its env sets HOME, which Apptainer does not allow: remove it, or write image: none")
	}
	if p.Ask != nil {
		p.Ask = r.command(b, roleOnce, b.inside(p.Ask))
	}
	r.finish(b, &p)
	return p, nil
}

// inside is argv as it is called in the image. The collector's image has no PATH: its program lies at the root.
func (b box) inside(argv []string) []string {
	if len(argv) > 0 && argv[0] == "otelcol" && strings.HasSuffix(b.process.Name, ".otel-collector") {
		argv = slices.Clone(argv)
		argv[0] = "/otelcol"
	}
	return argv
}

func renamed(env map[string]string, r runtime) map[string]string {
	if env == nil {
		return nil
	}
	out := make(map[string]string, len(env))
	for name, value := range env {
		out[r.variable(name)] = value
	}
	return out
}

// File is where the image lies as a .sif file, or, for pyxis, as a .sqsh file.
func File(site v1alpha1.Site, image v1alpha1.Image) string { return file(site.Spec.Container, image) }

func (b box) file() string { return file(b.site, b.image) }

func file(site v1alpha1.SiteContainer, image v1alpha1.Image) string {
	name := image.FileName()
	switch {
	case image.Path != "":
		return image.Path
	case site.Runtime == v1alpha1.RuntimePyxis:
		name = strings.TrimSuffix(name, ".sif") + ".sqsh"
	}
	return path.Join(site.Images, name)
}

// fromFile tells the agent of the image's file.
func (b box) fromFile(p *drivers.Process) {
	p.Needs = append(slices.Clone(p.Needs), b.file())
	if b.image.Path == "" { // else the user's word, which names the file
		p.Fetched = append(slices.Clone(p.Fetched), b.file())
	}
	p.Image = b.file()
}

// Images are the images that the services need at the site, each once, in their order.
func Images(site v1alpha1.Site, services ...v1alpha1.Service) ([]v1alpha1.Image, error) {
	if !site.Spec.Container.Runs() {
		return nil, nil
	}
	var out []v1alpha1.Image
	for _, svc := range services {
		for _, ref := range svc.Images() {
			image, err := v1alpha1.ParseImage(ref)
			if err != nil {
				return nil, fmt.Errorf("service %s: image: %w", svc.Name, err)
			}
			if !slices.Contains(out, image) {
				out = append(out, image)
			}
		}
	}
	return out, nil
}
