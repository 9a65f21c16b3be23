package agent

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"assay/drivers/safefile"
)

const srun = "srun"

// served is the command of the server: as it is, or as a step of the job on this node.
func (p *process) served() (*exec.Cmd, error) {
	if len(p.want.Step) == 0 {
		return p.command(p.serves())
	}
	return p.elsewhere(p.serves(), 0, 1)
}

// elsewhere is a command as srun runs it once on each of so many nodes of the job, the first of which is its first-th. It ends
// all of them when one ends. Its signal is SIGINT, which srun passes on: at SIGTERM it kills them.
func (p *process) elsewhere(argv []string, first, nodes int) (*exec.Cmd, error) {
	n := strconv.Itoa(nodes)
	args := []string{"--nodes=" + n, "--ntasks=" + n, "--ntasks-per-node=1", "--relative=" + strconv.Itoa(first), "--overlap", "--cpu-bind=none",
		"--mpi=none", "--kill-on-bad-exit=1", "--wait=1", "--input=none", "--disable-status"}
	if cpus := os.Getenv("SLURM_CPUS_PER_TASK"); cpus != "" { // srun does not take it from sbatch any more
		args = append(args, "--cpus-per-task="+cpus)
	}
	words, dir, env, err := p.stepped(argv, first > 0)
	if err != nil {
		return nil, err
	}
	if first > 0 && len(p.gpus) > 0 { // the list that shares picks from, where Slurm does not tell the step of one
		env = append(env, "CUDA_VISIBLE_DEVICES="+strings.Join(p.a.gpus.all, ","))
	}
	cmd := exec.Command(srun, append(args, words...)...)
	cmd.Dir, cmd.Env = dir, append(env, slurmVariables()...)
	return cmd, cmd.Err
}

// stepped is what follows srun's own options. What runs in a container of the step is not looked for on this node.
func (p *process) stepped(argv []string, away bool) (words []string, dir string, env []string, err error) {
	if len(p.want.Step) == 0 {
		cmd, err := p.command(argv)
		if err != nil {
			return nil, "", nil, err
		}
		words = cmd.Args
		if away && len(p.gpus) > 0 {
			words = append(p.shares(), words...)
		}
		return words, cmd.Dir, cmd.Env, nil
	}
	if words, err = p.expandAll(argv); err != nil {
		return nil, "", nil, err
	}
	if words[0] == p.a.o.Binary {
		if err := safefile.Program(words[0]); err != nil {
			return nil, "", nil, err
		}
	}
	options, err := p.expandAll(p.want.Step)
	if err != nil {
		return nil, "", nil, err
	}
	if len(p.gpus) < len(p.a.gpus.all) && len(p.gpus) > 0 { // Slurm tells a step of all that the job has
		if away {
			options = append(options, p.shares()...)
		} else {
			options = append(options, "env", "CUDA_VISIBLE_DEVICES="+strings.Join(p.gpus, ","))
		}
	}
	env, err = p.environment()
	return slices.Concat(options, words), p.a.dir, env, err
}

// ownGPUs picks GPUs by their places in the list that Slurm gives to a step, since nodes of a job can have different ones. A
// container runtime passes on what carries its prefix.
const ownGPUs = `[ -z "$CUDA_VISIBLE_DEVICES" ] || CUDA_VISIBLE_DEVICES=$(echo "$CUDA_VISIBLE_DEVICES" | cut -d, -f"$1")
export CUDA_VISIBLE_DEVICES APPTAINERENV_CUDA_VISIBLE_DEVICES="$CUDA_VISIBLE_DEVICES" SINGULARITYENV_CUDA_VISIBLE_DEVICES="$CUDA_VISIBLE_DEVICES"
shift
exec "$@"`

// shares is what runs a command on another node with as many of that node's GPUs as the process has here, at the same places.
func (p *process) shares() []string {
	var places []string
	for _, g := range p.gpus {
		places = append(places, strconv.Itoa(slices.Index(p.a.gpus.all, g)+1))
	}
	return []string{"sh", "-c", ownGPUs, "sh", strings.Join(places, ",")}
}
