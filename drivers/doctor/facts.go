package doctor

import (
	"time"

	"assay/api/v1alpha1"
)

// Facts are what was found. Zero values are what was not asked.
type Facts struct {
	Site       v1alpha1.Site
	Slurm      Slurm
	Folders    []Folder // state, work, images, local, as far as the site has them
	Here       Host
	Job        Job
	Prometheus Answer
	Login      Answer
}

// Answer is what a program or a server said.
type Answer struct {
	Asked, OK bool
	Missing   bool   // there is no such program
	Text      string // what it printed, or why it failed; one line
	Took      time.Duration
}

// Slurm is what its commands say, from this host.
type Slurm struct {
	Missing    []string // commands that are not on PATH
	Client     string   // version of sbatch
	Controller string   // version of slurmctld
	Config     Answer   // scontrol show config
	Ping       Answer
	Storage    string // AccountingStorageType
	AuthType   string
	Accounting Answer // sacctmgr
	Munge      Answer
}

// The folders of a site.
const (
	State  = "state directory"
	Work   = "work folder"
	Images = "images folder"
	Local  = "local folder"
)

// Folder is what a folder does. Problem and Unsafe are empty when there is none.
type Folder struct {
	What, Path string
	Problem    string // it cannot be used at all
	Unsafe     string // others can change what is in it
	FileSystem string // nfs, lustre, tmpfs …; a number in hexadecimal when it is none of those that are known
	Faults     []string
	Free, Size uint64 // bytes for this user
	FreeFiles  uint64 // 0 with Files 0: not counted
	Files      uint64
	Quota      string        // its line, when it is nearly or wholly used
	Exceeded   bool          // the quota is
	Clock      time.Duration // how far the clock of its files is ahead of the host's
	Sync       time.Duration // of one fsync
}

// Host is a machine on which assay, or its jobs, run.
type Host struct {
	Name      string
	OpenFiles uint64 // RLIMIT_NOFILE
	Processes uint64 // RLIMIT_NPROC
	CPU       uint64 // RLIMIT_CPU in seconds; all of them: ^0 is no limit
	Memory    uint64 // of its cgroup, in bytes; 0: none
	Tasks     uint64 // pids.max of its cgroup; 0: none
	Linger    string // yes, no; empty: not known
	Kill      string // KillUserProcesses of systemd-logind: yes, no; empty: not known
	Runtime   Answer // the version of the site's container runtime
	GPUs      Answer // nvidia-smi: a line a GPU
}

// Job is what became of the tiny job.
type Job struct {
	Asked   bool
	Problem string // it could not be submitted, or did not say why it ended
	Refused bool   // the scheduler refuses such a job
	Waited  time.Duration
	Started bool
	Reason  string // why it waits
	Ended   string // how it ended without a word from its node
	Exit    int
	Left    string // what could not be ended or removed
	Asking  struct{ Nodes, GPUs int }
	Nodes   []Node
}

// Node is what one node of the job found. It travels as JSON.
type Node struct {
	Host     Host          `json:"host"`
	Sees     []Folder      `json:"sees"`
	Ahead    time.Duration `json:"ahead"` // its clock, of this host's
	Within   time.Duration `json:"within"`
	Compared bool          `json:"compared"` // the clocks were
	Reached  Answer        `json:"reached"`  // the first node, from this one
}
