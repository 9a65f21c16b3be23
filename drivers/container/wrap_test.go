package container

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// boxes is a site that runs containers with a runtime.
func boxes(runtime string, args ...string) v1alpha1.Site {
	s := v1alpha1.Site{Metadata: v1alpha1.Metadata{Name: "boxes"}}
	s.Spec.Paths.Work = "/work"
	s.Spec.Container = v1alpha1.SiteContainer{Runtime: runtime, Images: "/images", Args: args, Binds: []string{"/scratch"}}
	return s
}

func gpus(n int) v1alpha1.Resources { return v1alpha1.Resources{GPUsPerNode: &n} }

var (
	vllmArgv   = []string{"vllm", "serve", "m", "--port", "$(PORT)"}
	chromaArgv = []string{"chroma", "run", "--path", "$(DATA)", "--port", "$(PORT)"}
)

// words splits what a table writes in one line; what follows is appended.
func words(line string, more ...[]string) []string {
	return slices.Concat(append([][]string{strings.Fields(line)}, more...)...)
}

func TestWrapCommand(t *testing.T) {
	vllm := v1alpha1.Service{Name: "s", VLLM: &v1alpha1.VLLM{Model: "m"}, Resources: gpus(4)}
	chroma := v1alpha1.Service{Name: "s", Chroma: &v1alpha1.Chroma{}, Resources: gpus(0)}
	monitors := v1alpha1.Service{Name: "s", Monitors: &v1alpha1.Monitors{}}
	file := []drivers.File{{Path: "f"}}
	for name, c := range map[string]struct {
		site v1alpha1.Site
		svc  v1alpha1.Service
		p    drivers.Process
		want []string
	}{
		"vllm with apptainer": {boxes("apptainer"), vllm, drivers.Process{Argv: vllmArgv},
			words("apptainer exec --cleanenv --nv --bind /work --bind /scratch /images/vllm+vllm-openai=v0.10.2.sif", vllmArgv)},
		"vllm where the site chooses --nvccli": {boxes("singularity", "--nvccli"), vllm, drivers.Process{Argv: vllmArgv},
			words("singularity exec --cleanenv --nvccli --bind /work --bind /scratch /images/vllm+vllm-openai=v0.10.2.sif", vllmArgv)},
		"vllm with podman": {boxes("podman", "--runtime=runc"), vllm, drivers.Process{Argv: vllmArgv, Secrets: map[string]string{"HF_TOKEN": "/f"}},
			words("podman run --rm --replace --name assay-$(NONCE)-s --network=host --user=0:0 --ipc=host --device nvidia.com/gpu=all --runtime=runc "+
				"--env HF_TOKEN --env HOST --env PORT --env ASSAY_JOB_DIR --env CUDA_VISIBLE_DEVICES --volume /work:/work --volume /scratch:/scratch --entrypoint vllm "+
				"docker.io/vllm/vllm-openai:v0.10.2", vllmArgv[1:])},
		"chroma with another image and a bind": {boxes("apptainer"), v1alpha1.Service{Chroma: &v1alpha1.Chroma{}, Image: "/my/chroma.sif", Binds: []string{"/a:/b:ro"}},
			drivers.Process{Argv: chromaArgv, Data: "/d"},
			words("apptainer exec --cleanenv --bind $(DATA) --bind /scratch --bind /a:/b:ro /my/chroma.sif", chromaArgv)},
		"chroma with podman": {boxes("podman"), chroma, drivers.Process{Argv: chromaArgv, Data: "/d"},
			words("podman run --rm --replace --name assay-$(NONCE)-s --network=host --user=0:0 --env HOST --env PORT --env ASSAY_JOB_DIR "+
				"--volume $(DATA):$(DATA) --volume /scratch:/scratch --entrypoint chroma docker.io/chromadb/chroma:1.0.0", chromaArgv[1:])},
		"prometheus": {boxes("apptainer"), monitors, drivers.Process{Name: "s.prometheus", Argv: []string{"prometheus", "--x"}, Data: "/d", Files: file},
			words("apptainer exec --cleanenv --bind $(DATA) --bind $(CONF) --bind /scratch /images/prom+prometheus=v3.9.1.sif prometheus --x")},
		"grafana": {boxes("podman"), monitors, drivers.Process{Name: "s.grafana", Argv: []string{"grafana", "server"}, Dashboards: "boards"},
			words("podman run --rm --replace --name assay-$(NONCE)-s-grafana --network=host --user=0:0 --env HOST --env PORT --env ASSAY_JOB_DIR --volume $(CONF):$(CONF) " +
				"--volume /scratch:/scratch --entrypoint grafana docker.io/grafana/grafana:12.3.0 server")},
		"the collector, whose program lies at the root": {boxes("apptainer"), monitors, drivers.Process{Name: "s.otel-collector", Argv: []string{"otelcol", "--config", "$(CONF)/c"}, Files: file},
			words("apptainer exec --cleanenv --bind $(CONF) --bind /scratch /images/otel+opentelemetry-collector=0.142.0.sif /otelcol --config $(CONF)/c")},
		"another image of one component": {boxes("apptainer"), v1alpha1.Service{Monitors: &v1alpha1.Monitors{Images: map[string]string{"grafana": "docker://ghcr.io:443/a/g:1"}}},
			drivers.Process{Name: "s.grafana", Argv: []string{"grafana"}}, words("apptainer exec --cleanenv --bind /scratch /images/ghcr.io=443+a+g=1.sif grafana")},
		"one component from PATH": {boxes("apptainer"), v1alpha1.Service{Monitors: &v1alpha1.Monitors{Images: map[string]string{"grafana": "none"}}},
			drivers.Process{Name: "s.grafana", Argv: []string{"grafana"}}, words("grafana")},
		"a process with an image": {boxes("apptainer"), v1alpha1.Service{Process: &v1alpha1.Process{}, Image: "docker://x:1"}, drivers.Process{Argv: []string{"x y", "--a=$b"}},
			words("apptainer exec --cleanenv --bind /scratch /images/x=1.sif", []string{"x y", "--a=$b"})},
		"a process without one": {boxes("apptainer"), v1alpha1.Service{Process: &v1alpha1.Process{}}, drivers.Process{Argv: []string{"x"}}, words("x")},
		"chroma from PATH":      {boxes("apptainer"), v1alpha1.Service{Chroma: &v1alpha1.Chroma{}, Image: "none"}, drivers.Process{Argv: chromaArgv}, chromaArgv},
		"no containers here":    {boxes(""), chroma, drivers.Process{Argv: chromaArgv}, chromaArgv},
	} {
		t.Run(name, func(t *testing.T) {
			if c.p.Name == "" {
				c.p.Name = "s"
			}
			got, err := Wrap(c.site, c.svc, drivers.Compiled{Kind: c.svc.Type(), Processes: []drivers.Process{c.p}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Processes[0].Argv); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWrapProcess shows everything that changes apart from the command, for a server on two nodes.
func TestWrapProcess(t *testing.T) {
	p := drivers.Process{Name: "s", Argv: vllmArgv, Env: map[string]string{"A": "secretly b"}, Secrets: map[string]string{"KEY": "/key"}, Token: "KEY", Needs: []string{"/x"},
		Versions: &drivers.Versions{Argv: []string{"ray", "--version"}, Least: "2.52"},
		Cluster:  &drivers.Cluster{Head: []string{"ray", "start", "--head"}, Worker: []string{"ray", "start"}, Status: []string{"ray", "status"}, Nodes: 2, GPUs: 8}}
	before := fmt.Sprintf("%+v %+v %+v", p, *p.Versions, *p.Cluster)
	svc := v1alpha1.Service{Name: "s", VLLM: &v1alpha1.VLLM{Model: "m"}, Resources: gpus(4)}
	wrap := func(runtime string) drivers.Process {
		c, err := Wrap(boxes(runtime), svc, drivers.Compiled{Kind: "vllm", Processes: []drivers.Process{p}})
		if err != nil {
			t.Fatal(err)
		}
		if after := fmt.Sprintf("%+v %+v %+v", p, *p.Versions, *p.Cluster); after != before {
			t.Errorf("the process that was given changed:\n%s\n%s", before, after)
		}
		return c.Processes[0]
	}
	const options = "exec --cleanenv --nv --bind /work --bind /scratch /images/vllm+vllm-openai=v0.10.2.sif "
	box, quiet := "apptainer "+options, "apptainer --silent "+options
	want := drivers.Process{Name: "s", Argv: words(box, vllmArgv), Needs: []string{"/x", "/images/vllm+vllm-openai=v0.10.2.sif"}, Fetched: []string{"/images/vllm+vllm-openai=v0.10.2.sif"}, Image: "/images/vllm+vllm-openai=v0.10.2.sif", Token: "APPTAINERENV_KEY",
		Env:      map[string]string{"APPTAINERENV_A": "secretly b", "APPTAINERENV_PORT": "$(PORT)", "APPTAINERENV_HOST": "$(HOST)"},
		Secrets:  map[string]string{"APPTAINERENV_KEY": "/key"},
		Versions: &drivers.Versions{Argv: words(quiet + "ray --version"), Least: "2.52"},
		Cluster:  &drivers.Cluster{Head: words(box + "ray start --head"), Worker: words(box + "ray start"), Status: words(quiet + "ray status"), Nodes: 2, GPUs: 8}}
	if diff := cmp.Diff(want, wrap("apptainer")); diff != "" {
		t.Errorf("apptainer (-want +got)\n%s", diff)
	}
	shared := "--network=host --user=0:0 --ipc=host --pid=host --volume /tmp:/tmp --device nvidia.com/gpu=all " +
		"--env A --env HOST --env KEY --env PORT --env ASSAY_JOB_DIR --env CUDA_VISIBLE_DEVICES --volume /work:/work --volume /scratch:/scratch --entrypoint "
	named := func(name, line string) []string {
		return words("podman run --rm --replace --name assay-$(NONCE)-s" + name + " " + shared + line)
	}
	const image = " docker.io/vllm/vllm-openai:v0.10.2 "
	want = p
	want.Image = "docker.io/vllm/vllm-openai:v0.10.2"
	want.Argv = named("", "vllm"+image+"serve m --port $(PORT)")
	want.Versions = &drivers.Versions{Argv: words("podman run --rm --quiet " + shared + "ray" + image + "--version"), Least: "2.52"}
	want.Cluster = &drivers.Cluster{Head: named("-ray-head", "ray"+image+"start --head"), Worker: named("-ray-worker", "ray"+image+"start"),
		Status: words("podman run --rm --quiet " + shared + "ray" + image + "status"), Nodes: 2, GPUs: 8}
	want.Cleanup = words("podman rm -f --ignore assay-$(NONCE)-s assay-$(NONCE)-s-ray-head assay-$(NONCE)-s-ray-worker")
	if diff := cmp.Diff(want, wrap("podman")); diff != "" {
		t.Errorf("podman (-want +got)\n%s", diff)
	}
}

// TestNoValueInArguments looks for values of variables in every argument list, whatever the runtime.
func TestNoValueInArguments(t *testing.T) {
	p := drivers.Process{Name: "s", Argv: chromaArgv, Env: map[string]string{"A": "hush-1"}, Secrets: map[string]string{"KEY": "/hush-2"},
		Versions: &drivers.Versions{Argv: []string{"chroma", "--version"}}}
	for _, runtime := range []string{"apptainer", "singularity", "podman"} {
		c, err := Wrap(boxes(runtime), v1alpha1.Service{Chroma: &v1alpha1.Chroma{}}, drivers.Compiled{Kind: "chroma", Processes: []drivers.Process{p}})
		if err != nil {
			t.Fatal(err)
		}
		got := c.Processes[0]
		lists, err := json.Marshal([][]string{got.Argv, got.Versions.Argv, got.Cleanup})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(lists), "hush") || strings.Contains(string(lists), "KEY=") {
			t.Errorf("%s: a value is an argument: %s", runtime, lists)
		}
		if all, err := json.Marshal(got); err != nil || strings.Count(string(all), "hush") != 2 {
			t.Errorf("%s: not both values are kept: %s, %v", runtime, all, err)
		}
	}
}

func TestWrapLeavesAlone(t *testing.T) {
	for name, c := range map[string]drivers.Compiled{
		"simulated": {Kind: "vllm", Simulated: true, Processes: []drivers.Process{{Name: "s", Argv: []string{"$(ASSAY)", "simulate-vllm"}}}},
		"external":  {Kind: "external", URL: "http://h:1", Processes: []drivers.Process{{Name: "s"}}},
		"lustre":    {Kind: "lustre", Lustre: &v1alpha1.Lustre{Path: "/l"}},
	} {
		got, err := Wrap(boxes("apptainer"), v1alpha1.Service{Name: "s", VLLM: &v1alpha1.VLLM{}}, c)
		if diff := cmp.Diff(c, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

func TestWrapRefuses(t *testing.T) {
	for want, c := range map[string]struct {
		site v1alpha1.Site
		svc  v1alpha1.Service
		p    drivers.Process
	}{
		"service s: site boxes runs no containers: write container.runtime in its Site, or image: none": {boxes("none"),
			v1alpha1.Service{Chroma: &v1alpha1.Chroma{}, Image: "docker://x:1"}, drivers.Process{Argv: chromaArgv}},
		"service s: its env sets HOME, which Apptainer does not allow: remove it, or write image: none": {boxes("apptainer"),
			v1alpha1.Service{Chroma: &v1alpha1.Chroma{}}, drivers.Process{Argv: chromaArgv, Env: map[string]string{"HOME": "/h"}}},
		"service s: /a:b cannot be bound into a container, because of its : or comma; choose another paths.work": {boxes("apptainer"),
			v1alpha1.Service{Chroma: &v1alpha1.Chroma{}}, drivers.Process{Argv: chromaArgv, Data: "/a:b"}},
	} {
		c.p.Name = "s"
		if _, err := Wrap(c.site, c.svc, drivers.Compiled{Processes: []drivers.Process{c.p}}); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestImages(t *testing.T) {
	sim := v1alpha1.Service{VLLM: &v1alpha1.VLLM{Simulate: &v1alpha1.Simulate{}}, Image: "docker://never:1"}
	monitors := v1alpha1.Service{Monitors: &v1alpha1.Monitors{Components: []string{"grafana", "prometheus"}, Images: map[string]string{"prometheus": "docker://p:1"}}}
	services := []v1alpha1.Service{{VLLM: &v1alpha1.VLLM{}}, sim, {Chroma: &v1alpha1.Chroma{}}, {Chroma: &v1alpha1.Chroma{}}, monitors,
		{Process: &v1alpha1.Process{}}, {Process: &v1alpha1.Process{}, Image: "/x.sif"}, {Monitors: &v1alpha1.Monitors{}, Image: "none"}}
	images, err := Images(boxes("podman"), services...)
	if err != nil {
		t.Fatal(err)
	}
	want := "[docker://vllm/vllm-openai:v0.10.2 docker://chromadb/chroma:1.0.0 docker://grafana/grafana:12.3.0 docker://p:1 /x.sif]"
	if got := fmt.Sprint(images); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if images, err := Images(boxes(""), services...); err != nil || images != nil {
		t.Errorf("a site without containers needs %v, %v", images, err)
	}
}
