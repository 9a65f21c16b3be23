package v1alpha1

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseImage(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for ref, want := range map[string]string{ // what a registry is asked for, the file, and whether it is pinned
		"docker://vllm/vllm-openai:v0.10.2": "docker.io/vllm/vllm-openai:v0.10.2 vllm+vllm-openai=v0.10.2.sif true",
		"docker://redis:7":                  "docker.io/library/redis:7 redis=7.sif true",
		"docker://redis":                    "docker.io/library/redis:latest redis.sif false",
		"docker://redis:Nightly":            "docker.io/library/redis:Nightly redis=Nightly.sif false",
		"docker://localhost/x:1":            "localhost/x:1 localhost+x=1.sif true",
		"docker://reg:5000/a/b:1":           "reg:5000/a/b:1 reg=5000+a+b=1.sif true",
		"docker://ghcr.io/a@" + digest:      "ghcr.io/a@" + digest + " ghcr.io+a@sha256=" + digest[7:] + ".sif true",
		"docker://a:latest@" + digest:       "docker.io/library/a@" + digest + " a=latest@sha256=" + digest[7:] + ".sif true",
	} {
		i, err := ParseImage(ref)
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		if got := fmt.Sprint(i.Reference(), " ", i.FileName(), " ", i.Pinned()); got != want {
			t.Errorf("%s is\n%s, want\n%s", ref, got, want)
		}
		if i.String() != ref {
			t.Errorf("%s is written as %s", ref, i)
		}
	}
	for ref, want := range map[string]string{"docker://redis": "registry-1.docker.io#library/redis:latest", "docker://reg:5000/a/b:1": "reg:5000#a/b:1",
		"docker://ghcr.io/a@" + digest: "ghcr.io#a:" + digest} {
		if i, err := ParseImage(ref); err != nil || i.Enroot() != want {
			t.Errorf("%s is %s for enroot, %v, want %s", ref, i.Enroot(), err, want)
		}
	}
	if i, err := ParseImage("/images/my image.sif"); err != nil || i.Path != "/images/my image.sif" || !i.Pinned() {
		t.Errorf("a file: %+v, %v", i, err)
	}
	for _, ref := range []string{"", "none", "docker://", "docker:///a", "docker://a//b", "docker://a@", "docker://a@sha256:1", "docker://a:", "docker://a b", "docker://-a",
		"docker://a;b:1", "docker://../a", "library://a", "a/b:1", "x.sif", "/x", "/.sif", "/a,b.sif", "/a:b.sif", "/a/.sif/", "docker://" + strings.Repeat("a", 250)} {
		if i, err := ParseImage(ref); err == nil {
			t.Errorf("%q was accepted as %+v", ref, i)
		}
	}
}

// TestDefaultImages holds the images that assay chooses to what it asks of others.
func TestDefaultImages(t *testing.T) {
	for kind, ref := range defaultImages {
		if i, err := ParseImage(ref); err != nil || !i.Pinned() {
			t.Errorf("%s: %s: %v", kind, ref, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	const text = `apiVersion: assay/v1alpha1
kind: Site
metadata: {name: boxes}
spec: {scheduler: local, container: {runtime: apptainer}}
---
apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: a}
spec:
  site: boxes
  services:
    - {name: a, chroma: {}, image: "docker://chromadb/chroma:latest"}
    - {name: b, chroma: {}, image: "docker://chromadb/chroma"}
    - {name: c, chroma: {}, image: "docker://chromadb/chroma:1.0.0"}
    - {name: d, chroma: {}}
    - {name: e, chroma: {}, auth: none}
    - {name: f, vllm: {model: m, insecure: true}}
`
	m, err := Load([]File{{"f.yaml", []byte(text)}}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range m.Warnings {
		got = append(got, w.Error())
	}
	const hint = " is not pinned: it can be another image tomorrow (write a version as its tag, or NAME@sha256:…)"
	want := []string{
		`f.yaml:16:35: spec.services[4].auth: anybody who reaches the node's ports can use this server without a key (remove auth, and assay makes one)`,
		`f.yaml:17:44: spec.services[5].vllm.insecure: on several nodes, with a Ray older than 2.52, every user of the cluster can run programs as you (use a newer Ray, and remove it)`,
		`f.yaml:12:36: spec.services[0].image: "docker://chromadb/chroma:latest"` + hint,
		`f.yaml:13:36: spec.services[1].image: "docker://chromadb/chroma"` + hint}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestMonitorsContainers checks what monitors say by component.
func TestMonitorsContainers(t *testing.T) {
	d := &document{file: "f"}
	c := &checker{doc: d}
	site := Site{Metadata: Metadata{Name: "boxes"}, Spec: SiteSpec{Container: SiteContainer{Runtime: RuntimeApptainer}}}
	c.containers(site, "s", Service{Monitors: &Monitors{Components: []string{"grafana", "prometheus"},
		Images: map[string]string{"grafan": "docker://g:1", "grafana": "grafana", "prometheus": "docker://p"}}})
	c.containers(site, "t", Service{Monitors: &Monitors{}, Image: "docker://x:1"})
	c.containers(site, "u", Service{Monitors: &Monitors{}, Image: NoImage})
	var got []string
	for _, p := range append(c.problems, d.warnings...) {
		got = append(got, p.Path+": "+p.Message+" "+p.Hint)
	}
	want := []string{
		`s.monitors.images[grafan]: these monitors have no component "grafan" did you mean grafana?`,
		`s.monitors.images[grafana]: must be docker://NAME:TAG, docker://NAME@sha256:…, the absolute path of a .sif or .sqsh file, or none; found "grafana"; did you mean docker://grafana? `,
		`t.image: cannot be one for all of monitors write monitors.images: {prometheus: …}`,
		`s.monitors.images[prometheus]: "docker://p" is not pinned: it can be another image tomorrow write a version as its tag, or NAME@sha256:…`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseBind(t *testing.T) {
	for word, want := range map[string]Bind{"/a": {"/a", "/a", ""}, "/a:/b": {"/a", "/b", ""}, "/a:/b:ro,Z": {"/a", "/b", "ro,Z"}} {
		if got, err := ParseBind(word); err != nil || got != want {
			t.Errorf("%s: %+v, %v", word, got, err)
		}
	}
	for _, word := range []string{"", "a", "/a:", "/a:b", "/a:/b:", "/a:/b:r o", "/a,/b", "/a:/b:ro:x"} {
		if got, err := ParseBind(word); err == nil {
			t.Errorf("%q was accepted as %+v", word, got)
		}
	}
}
