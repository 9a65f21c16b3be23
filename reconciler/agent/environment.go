package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"assay/drivers/durable"
)

// inherited are the variables of the job that a process gets; everything else, secrets of the shell that submitted
// included, stays outside.
var inherited = []string{"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
	"ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL", "SLURM_JOB_ID", "SLURM_JOB_NODELIST", "SLURM_JOB_NUM_NODES", "SLURM_CPUS_ON_NODE",
	"SLURMD_NODENAME", "SLURM_CONF", "ASSAY_JOB_NONCE", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "MODULEPATH", "LOADEDMODULES"}

// environment is what a process gets: the inherited variables, ours, and the declared ones, which win.
func environment(declared map[string]string, ours ...string) []string {
	env := ours
	for _, name := range inherited {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		env = append(env, name+"="+declared[name])
	}
	return env
}

// environment of a process: declared variables, its secrets and its GPUs.
func (p *process) environment() ([]string, error) {
	declared := map[string]string{}
	for k, v := range p.want.Env {
		var err error
		if declared[k], err = p.expandPrivate(v); err != nil {
			return nil, err
		}
	}
	secrets, err := p.secrets()
	if err != nil {
		return nil, err
	}
	if p.want.Upstreams != "" { // a gateway hands on what its clients send; the key of its servers is for our probes alone
		delete(secrets, p.want.Token)
	}
	maps.Copy(declared, secrets)
	ours := []string{"HOST=" + p.a.o.Listen}
	if p.port != 0 {
		ours = append(ours, fmt.Sprintf("PORT=%d", p.port))
	}
	env := environment(declared, ours...)
	if len(p.gpus) > 0 { // a container runtime passes on what carries its prefix; the last word counts
		list := strings.Join(p.gpus, ",")
		for _, prefix := range []string{"", "APPTAINERENV_", "SINGULARITYENV_"} {
			env = append(env, prefix+"CUDA_VISIBLE_DEVICES="+list)
		}
	}
	return env, nil
}

const maxSecret = 1 << 20 // bytes of a secret's file

// secrets are the values of the secret variables, read from their files.
func (p *process) secrets() (map[string]string, error) {
	out := map[string]string{}
	for name, path := range p.want.Secrets {
		b, err := durable.Read(path, maxSecret)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the secret %s is gone from the state directory; apply the manifest again", name)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the secret %s: %w", name, err)
		}
		out[name] = trimmed(b)
		p.a.secrets.Learn(out[name])
	}
	return out, nil
}

// trimmed is the content of a secret's file.
func trimmed(b []byte) string { return strings.TrimRight(string(b), "\r\n") }

// slurm are the variables by which srun knows its job.
func slurmVariables() (out []string) {
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "SLURM") {
			out = append(out, v)
		}
	}
	return out
}
