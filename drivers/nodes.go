package drivers

// What a server on several nodes has beside it.

// Versions asks a program for its version on the node, and refuses to start the process with one that is older than Least.
type Versions struct {
	Argv   []string `json:"argv"`   // prints the version; the first N.N in its output counts
	Least  string   `json:"least"`  // N.N
	Reason string   `json:"reason"` // of the process that is refused
	Advice string   `json:"advice"` // what to do then, after the version that was found
}

// Cluster is a Ray cluster over the nodes of the job that has to stand before the process starts: the head on the first
// node, a worker on every other. It is started and ended with the process.
type Cluster struct {
	// Private is a folder that is made, 0700, on each node for the time of the cluster, which keeps its own files below it;
	// service.UnderParents makes it part of Head and Worker.
	Private string   `json:"-"`
	Args    []string `json:"args,omitempty"` // of the server, after the Argv of the process
	Head    []string `json:"head"`           // argv; stays up
	Worker  []string `json:"worker"`         // argv; stays up; started through srun on the other nodes
	Status  []string `json:"status"`         // argv that prints `ray status`
	Nodes   int      `json:"nodes"`          // that have to be counted
	GPUs    int      `json:"gpus"`           // in all
}

// Ranks are a server on several nodes whose parts find each other by themselves: the process is rank 0. All are started and
// ended together.
type Ranks struct {
	Args   []string   `json:"args"`   // of rank 0, after the Argv of the process
	Others [][]string `json:"others"` // argv of the others, one a node, in order; started through srun
	// Versions, where it is set, decides: a program that is older than its Least runs on the process' Cluster instead.
	Versions *Versions `json:"versions,omitempty"`
}
