package view

// habits are verbs of other tools, and what to type here.
var habits = map[string]string{
	"create": "assay apply -f FILE", "run": "assay apply -f FILE", "up": "assay apply -f FILE", "deploy": "assay apply -f FILE", "install": "assay apply -f FILE",
	"start": "assay apply -f FILE", "serve": "assay apply -f FILE", "submit": "assay apply -f FILE", "sbatch": "assay apply -f FILE", "upgrade": "assay apply -f FILE",
	"bench": "assay apply -f FILE, with benchmarks in it", "benchmark": "assay apply -f FILE, with benchmarks in it",
	"patch": "assay edit EXPERIMENT", "set": "assay edit EXPERIMENT", "change": "assay edit EXPERIMENT", "replace": "assay apply -f FILE", "label": "metadata.labels in the manifest, then assay apply -f FILE",
	"annotate": "metadata.labels in the manifest, then assay apply -f FILE",
	"destroy":  "assay delete experiment/NAME", "down": "assay delete experiment/NAME", "uninstall": "assay delete experiment/NAME", "rm": "assay delete experiment/NAME",
	"stop": "assay suspend EXPERIMENT, or assay delete experiment/NAME", "scancel": "assay delete experiment/NAME", "cancel": "assay delete experiment/NAME", "kill": "assay delete experiment/NAME",
	"gc": "assay clean", "prune": "assay clean, and assay purge EXPERIMENT",
	"ps": "assay get jobs", "squeue": "assay get jobs", "sacct": "assay get jobs, and assay events", "sinfo": "assay get nodes", "ls": "assay get all", "list": "assay get all",
	"status": "assay get all, or assay rollout status EXPERIMENT", "show": "assay describe KIND/NAME", "inspect": "assay describe KIND/NAME", "htop": "assay top", "nvidia-smi": "assay top nodes",
	"results": "assay report EXPERIMENT, or assay get runs", "api-resources": "assay get --help",
	"port-forward": "assay proxy SERVICE on this machine, or assay tunnel from another one", "expose": "a gateway service in the manifest",
	"attach": "assay logs -f SERVICE", "ssh": "assay exec SERVICE -- bash", "shell": "assay exec SERVICE -- bash", "srun": "assay exec SERVICE -- COMMAND",
	"cp": "the folders of jobs and runs, which are in: assay get runs -o wide", "restart": "assay delete, then assay apply; what ends by itself is restarted",
	"rollback": "assay undo EXPERIMENT", "autoscale": "replicas.metric in the manifest", "drain": "scontrol update nodename=NODE state=drain reason=WHY; assay leaves such nodes",
	"cordon": "scontrol update nodename=NODE state=drain reason=WHY; assay leaves such nodes", "config": "assay context, and assay site", "use": "assay context use NAME",
	"cluster-info": "assay doctor", "check": "assay doctor", "debug": "assay describe KIND/NAME", "refresh": "assay plan -f FILE", "import": "assay site import",
}

// Instead is what to type here for a verb of another tool; empty when none is known.
func Instead(verb string) string { return habits[verb] }
