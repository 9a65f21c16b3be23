package v1alpha1

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// NoImage as an image means: no container, the command on PATH.
const NoImage = "none"

// Container runtimes.
const (
	RuntimeNone        = "none"
	RuntimeApptainer   = "apptainer"
	RuntimeSingularity = "singularity"
	RuntimePodman      = "podman"
	RuntimePyxis       = "pyxis" // Slurm's plugin, over enroot: containers are job steps
)

// Runs reports whether the site runs processes in containers.
func (s SiteContainer) Runs() bool { return s.Runtime != "" && s.Runtime != RuntimeNone }

// monitorComponents are what a monitors service can run, in the order in which it starts them.
var monitorComponents = []string{"prometheus", "grafana", "otel-collector"}

// currentVLLM is the image that a vLLM service gets which names none, when its manifest is read: so a newer assay changes no
// service that an older one accepted.
const currentVLLM = "docker://vllm/vllm-openai:v0.29.0"

// defaultImages are those of services that name none, by kind of service or component of monitors; that of vllm is for what
// older versions accepted. All of them are pinned, so that a run of next year means the same as one of today.
var defaultImages = map[string]string{
	"vllm":           "docker://vllm/vllm-openai:v0.10.2",
	"chroma":         "docker://chromadb/chroma:1.0.0",
	"prometheus":     "docker://prom/prometheus:v3.9.1",
	"grafana":        "docker://grafana/grafana:12.3.0",
	"otel-collector": "docker://otel/opentelemetry-collector:0.142.0",
}

// The grammar of image names: [REGISTRY/]NAME[:TAG][@sha256:DIGEST].
var (
	imageName   = regexp.MustCompile(`^([a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`)
	imageTag    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	imageDigest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	imagePath   = regexp.MustCompile(`^/[^\x00-\x1f:,]*[^/\x00-\x1f:,]\.(sif|sqsh)$`)
)

// floating are tags that name another image from one day to the next.
var floating = []string{"latest", "main", "master", "nightly", "dev", "edge", "stable"}

// longestFile is the longest name of a file that every file system takes, less what a temporary one needs.
const longestFile = 220

// Image is a reference to an image: one of a registry, or, when Path is set, a file.
type Image struct {
	Name   string // with its registry, if that was given
	Tag    string
	Digest string // sha256:…
	Path   string // absolute, ends in .sif or .sqsh
}

// ParseImage reads docker://[REGISTRY/]NAME[:TAG][@sha256:DIGEST], or the absolute path of a .sif or .sqsh file.
func ParseImage(ref string) (Image, error) {
	rest, docker := strings.CutPrefix(ref, "docker://")
	if !docker {
		return parsePath(ref)
	}
	var i Image
	rest, i.Digest, _ = strings.Cut(rest, "@")
	i.Name = rest
	if at := strings.LastIndex(rest, ":"); at > strings.LastIndex(rest, "/") {
		i.Name, i.Tag = rest[:at], rest[at+1:]
		if !imageTag.MatchString(i.Tag) {
			return Image{}, fmt.Errorf("%s is not a tag, in %s", brief(i.Tag), brief(ref))
		}
	}
	switch {
	case !imageName.MatchString(i.Name):
		return Image{}, fmt.Errorf("%s is not the name of an image, in %s", brief(i.Name), brief(ref))
	case strings.Contains(ref, "@") && !imageDigest.MatchString(i.Digest):
		return Image{}, fmt.Errorf("a digest is sha256: and 64 hexadecimal digits, found %s", brief(i.Digest))
	case len(i.FileName()) > longestFile:
		return Image{}, errors.New("the reference is too long for the name of a file")
	}
	return i, nil
}

func parsePath(ref string) (Image, error) {
	if imagePath.MatchString(ref) {
		return Image{Path: ref}, nil
	}
	err := fmt.Errorf("must be docker://NAME:TAG, docker://NAME@sha256:…, the absolute path of a .sif or .sqsh file, or none; found %s", brief(ref))
	name, _, _ := strings.Cut(ref, "@")
	if !strings.HasPrefix(ref, "/") && !strings.HasSuffix(ref, ".sif") && !strings.HasSuffix(ref, ".sqsh") && !strings.Contains(ref, "://") && imageName.MatchString(strings.SplitN(name, ":", 2)[0]) {
		err = fmt.Errorf("%w; did you mean docker://%s?", err, ref)
	}
	return Image{}, err
}

// String is the reference as a manifest writes it.
func (i Image) String() string {
	if i.Path != "" {
		return i.Path
	}
	out := "docker://" + i.Name
	if i.Tag != "" {
		out += ":" + i.Tag
	}
	if i.Digest != "" {
		out += "@" + i.Digest
	}
	return out
}

// Reference is the reference for a registry, without docker://, with the registry's name. With a digest the tag is left out,
// because tools refuse both.
func (i Image) Reference() string {
	name := i.Name
	switch first, rest, nested := strings.Cut(name, "/"); {
	case !nested:
		name = "docker.io/library/" + name
	case first != "localhost" && !strings.ContainsAny(first, ".:") || rest == "":
		name = "docker.io/" + name
	}
	switch {
	case i.Digest != "":
		return name + "@" + i.Digest
	case i.Tag != "":
		return name + ":" + i.Tag
	}
	return name + ":latest"
}

// Enroot is the reference for a registry as enroot and pyxis want it: REGISTRY#NAME:TAG, or REGISTRY#NAME:sha256:DIGEST, which
// all their versions read.
func (i Image) Enroot() string {
	registry, rest, _ := strings.Cut(i.Reference(), "/")
	if registry == "docker.io" { // its images are at another host
		registry = "registry-1.docker.io"
	}
	return registry + "#" + strings.Replace(rest, "@", ":", 1)
}

// FileName is the name of the image as a .sif file. Two references never share one: + and = occur in no reference.
func (i Image) FileName() string {
	ref := strings.TrimPrefix(i.String(), "docker://")
	return strings.NewReplacer("/", "+", ":", "=").Replace(ref) + ".sif"
}

// Pinned reports whether the reference means the same image tomorrow, as far as its spelling tells.
func (i Image) Pinned() bool {
	return i.Path != "" || i.Digest != "" || i.Tag != "" && !slices.Contains(floating, strings.ToLower(i.Tag))
}

// ImageOf is the image of a service's process at a site that runs containers; "" for no container. component names one of
// the components of monitors, and is empty for other services. written reports whether the manifest chose the image.
func (s Service) ImageOf(component string) (ref string, written bool) {
	kind := component
	ref = s.Image
	switch {
	case s.External != nil, s.Lustre != nil, s.Gateway != nil, s.VLLM != nil && s.VLLM.Simulate != nil:
		return "", false
	case s.Serves():
		kind = s.Type()
	case s.Chroma != nil:
		kind = "chroma"
	case s.Monitors != nil:
		if own := s.Monitors.Images[component]; own != "" {
			ref = own
		}
	default:
		kind = ""
	}
	switch ref {
	case "":
		return defaultImages[kind], false
	case NoImage:
		return "", true
	}
	return ref, true
}

// Images are the images that a service needs at a site that runs containers, each once.
func (s Service) Images() (refs []string) {
	components := []string{""}
	if s.Monitors != nil {
		components = s.Monitors.Components
		if len(components) == 0 {
			components = monitorComponents
		}
	}
	for _, c := range components {
		if ref, _ := s.ImageOf(c); ref != "" && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs
}
