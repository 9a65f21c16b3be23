package container

import (
	"slices"
	"strings"

	"assay/drivers"
)

// podman runs images from its own store on the node.
type podman struct{}

// name is the name of a container: unique on the node, since the nonce is the job's.
func (podman) name(b box, role string) string {
	out := "assay-$(NONCE)-" + strings.ReplaceAll(b.process.Name, ".", "-")
	if role != "" {
		out += "-" + role
	}
	return out
}

func (r podman) command(b box, role string, argv []string) []string {
	if len(argv) == 0 {
		return nil
	}
	out := []string{"podman", "run", "--rm"}
	if role == roleOnce { // its output is parsed; and a second start must not end the first container
		out = append(out, "--quiet")
	} else {
		out = append(out, "--replace", "--name", r.name(b, role))
	}
	// Root inside is the user outside, unless root runs podman; images with another user could not write the data.
	out = append(out, "--network=host", "--user=0:0")
	if models[b.kind] {
		out = append(out, "--ipc=host") // the processes of a server share memory, more than a container's own 64 MB
	}
	if b.cluster { // Ray's processes meet through files in /tmp and know each other by process id
		out = append(out, "--pid=host", "--volume", "/tmp:/tmp")
	}
	if b.gpus && !slices.ContainsFunc(b.site.Args, picksDevice) {
		out = append(out, "--device", "nvidia.com/gpu=all")
	}
	out = append(out, b.site.Args...)
	names := append(slices.Clone(b.names), "ASSAY_JOB_DIR") // the agent's mark: podman's containers are not below podman
	if b.gpus {
		names = append(names, "CUDA_VISIBLE_DEVICES")
	}
	for _, name := range names { // without a value: podman takes it from its own environment
		out = append(out, "--env", name)
	}
	for _, bind := range b.binds {
		word := bind.Source + ":" + bind.Target
		if bind.Options != "" {
			word += ":" + bind.Options
		}
		out = append(out, "--volume", word)
	}
	return append(append(out, "--entrypoint", argv[0], b.image.Reference()), argv[1:]...)
}

// picksDevice reports whether an option of the site chooses the GPUs already.
func picksDevice(arg string) bool {
	return strings.HasPrefix(arg, "--gpus") || strings.HasPrefix(arg, "--device")
}

func (podman) variable(name string) string { return name }

// finish makes sure that no container outlives its process: podman killed by SIGKILL leaves it running.
func (r podman) finish(b box, p *drivers.Process) {
	p.Image = b.image.Reference()
	p.Cleanup = []string{"podman", "rm", "-f", "--ignore", r.name(b, "")}
	if b.cluster {
		p.Cleanup = append(p.Cleanup, r.name(b, roleHead), r.name(b, roleWorker))
	}
	if p.Ranks != nil {
		p.Cleanup = append(p.Cleanup, r.name(b, roleRank))
	}
}
