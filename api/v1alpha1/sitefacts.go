package v1alpha1

import (
	"fmt"
	"regexp"
	"slices"
)

// Partition is what one node of a partition offers, and what its jobs may ask for. Zero is "not stated", except for
// GPUs where nodes is stated: then there are none.
type Partition struct {
	Nodes         int      `json:"nodes,omitempty" validate:"gte=0"` // in total
	GPUsPerNode   int      `json:"gpusPerNode,omitempty" validate:"gte=0"`
	CPUsPerNode   int      `json:"cpusPerNode,omitempty" validate:"gte=0"`   // hardware threads, as Slurm counts CPUs
	MemoryPerNode Quantity `json:"memoryPerNode,omitempty" validate:"gte=0"` // that a job can have: RealMemory
	// MaxMemoryPerNode is what the partition lets a job have of it (MaxMemPerNode), which enforcePartLimits is about.
	MaxMemoryPerNode Quantity `json:"maxMemoryPerNode,omitempty" validate:"gte=0"`
	// GRES is Slurm's name for the GPUs: gpu (default), or with a type, gpu:a100. Jobs ask for them by it.
	GRES     string `json:"gres,omitempty"`
	MinNodes int    `json:"minNodes,omitempty" validate:"gte=0"` // of a job
	MaxNodes int    `json:"maxNodes,omitempty" validate:"gte=0"` // of a job
	// DefaultTime is what a job gets that asks for no time. assay's jobs always ask.
	DefaultTime Duration `json:"defaultTime,omitempty" validate:"gte=0"`
	MaxTime     Duration `json:"maxTime,omitempty" validate:"gte=0"`
	// WholeNodes is set where a job in this partition always gets whole nodes (OverSubscribe=EXCLUSIVE).
	WholeNodes bool `json:"wholeNodes,omitempty"`
	// QOS is the partition's own quality of service: its limits hold for all jobs here, and come before those of the job's own QOS
	// unless that one says overPartQos.
	QOS           string   `json:"qos,omitempty"`
	AllowQOS      []string `json:"allowQos,omitempty"` // the only ones that jobs here can have; empty: all
	DenyQOS       []string `json:"denyQos,omitempty"`
	AllowAccounts []string `json:"allowAccounts,omitempty"` // the only ones that jobs here can have; empty: all
	DenyAccounts  []string `json:"denyAccounts,omitempty"`
	// NodeSets are the kinds of node of a partition whose nodes differ. What is stated above is then the most of any.
	NodeSets []NodeSet `json:"nodeSets,omitempty" validate:"dive"`
}

// NodeSet is so many nodes of a partition that are alike. Zero is "not stated", except for GPUs: none.
type NodeSet struct {
	Nodes         int      `json:"nodes" validate:"gte=1"`
	GPUsPerNode   int      `json:"gpusPerNode,omitempty" validate:"gte=0"`
	CPUsPerNode   int      `json:"cpusPerNode,omitempty" validate:"gte=0"`
	MemoryPerNode Quantity `json:"memoryPerNode,omitempty" validate:"gte=0"`
	GRES          string   `json:"gres,omitempty"` // of its GPUs; default gpu
}

// QOS is what a quality of service allows. Zero is "not stated". The names follow sacctmgr: MaxWall is maxTime, MaxTRESPerJob
// is maxNodes, maxGPUs and maxCPUs, MaxTRESPerUser maxNodesPerUser and so on, GrpTRES grpNodes and so on, of all users.
type QOS struct {
	MaxTime     Duration          `json:"maxTime,omitempty" validate:"gte=0"`
	MinNodes    int               `json:"minNodes,omitempty" validate:"gte=0"` // of a job
	MinGPUs     int               `json:"minGPUs,omitempty" validate:"gte=0"`  // of a job, over all its nodes
	MinCPUs     int               `json:"minCPUs,omitempty" validate:"gte=0"`
	MaxNodes    int               `json:"maxNodes,omitempty" validate:"gte=0"`
	MaxGPUs     int               `json:"maxGPUs,omitempty" validate:"gte=0"` // of a job, over all its nodes
	MaxCPUs     int               `json:"maxCPUs,omitempty" validate:"gte=0"`
	Reservation map[string]string `json:"reservation,omitempty"` // partition -> reservation
	// MaxJobsPerUser is how many jobs of one user can run at once; more of them wait.
	MaxJobsPerUser int `json:"maxJobsPerUser,omitempty" validate:"gte=0"`
	// MaxSubmitJobsPerUser is how many jobs of one user can run and wait at once; more of them are refused.
	MaxSubmitJobsPerUser    int `json:"maxSubmitJobsPerUser,omitempty" validate:"gte=0"`
	MaxNodesPerUser         int `json:"maxNodesPerUser,omitempty" validate:"gte=0"`
	MaxGPUsPerUser          int `json:"maxGPUsPerUser,omitempty" validate:"gte=0"`
	MaxCPUsPerUser          int `json:"maxCPUsPerUser,omitempty" validate:"gte=0"`
	MaxJobsPerAccount       int `json:"maxJobsPerAccount,omitempty" validate:"gte=0"`
	MaxSubmitJobsPerAccount int `json:"maxSubmitJobsPerAccount,omitempty" validate:"gte=0"`
	MaxNodesPerAccount      int `json:"maxNodesPerAccount,omitempty" validate:"gte=0"`
	MaxGPUsPerAccount       int `json:"maxGPUsPerAccount,omitempty" validate:"gte=0"`
	MaxCPUsPerAccount       int `json:"maxCPUsPerAccount,omitempty" validate:"gte=0"`
	GrpJobs                 int `json:"grpJobs,omitempty" validate:"gte=0"`
	GrpSubmitJobs           int `json:"grpSubmitJobs,omitempty" validate:"gte=0"`
	GrpNodes                int `json:"grpNodes,omitempty" validate:"gte=0"`
	GrpGPUs                 int `json:"grpGPUs,omitempty" validate:"gte=0"`
	GrpCPUs                 int `json:"grpCPUs,omitempty" validate:"gte=0"`
	// DenyOnLimit says whether a job that asks for more than a limit of this QOS or of its account is refused when it is submitted
	// (Flags=DenyOnLimit). With false such a job waits until the limit is raised, and assay warns; when it is not stated assay
	// refuses the job. Too many submitted jobs are refused in any case.
	DenyOnLimit *bool `json:"denyOnLimit,omitempty"`
	// PartitionTime is set where this QOS lets a job exceed the maxTime of its partition (Flags=PartitionTimeLimit).
	PartitionTime bool `json:"partitionTime,omitempty"`
	OverPartQOS   bool `json:"overPartQos,omitempty"` // its limits come before those of the partition's QOS (Flags=OverPartQOS)
}

// Account is what the user's association with an account allows: inherited values are filled in, and where several levels
// have a limit it is the least of them. Zero is "not stated". The names follow sacctmgr, as those of QOS do.
type Account struct {
	QOS           []string `json:"qos,omitempty"` // that jobs can have; empty: all
	DefaultQOS    string   `json:"defaultQos,omitempty"`
	Partitions    []string `json:"partitions,omitempty"` // where the user has this account in some partitions only; empty: all
	MaxTime       Duration `json:"maxTime,omitempty" validate:"gte=0"`
	MaxNodes      int      `json:"maxNodes,omitempty" validate:"gte=0"` // of a job
	MaxGPUs       int      `json:"maxGPUs,omitempty" validate:"gte=0"`  // of a job, over all its nodes
	MaxCPUs       int      `json:"maxCPUs,omitempty" validate:"gte=0"`
	MaxJobs       int      `json:"maxJobs,omitempty" validate:"gte=0"`       // of the user, running
	MaxSubmitJobs int      `json:"maxSubmitJobs,omitempty" validate:"gte=0"` // of the user, running and waiting
	GrpJobs       int      `json:"grpJobs,omitempty" validate:"gte=0"`       // of everybody in the account, as the next ones
	GrpSubmitJobs int      `json:"grpSubmitJobs,omitempty" validate:"gte=0"`
	GrpNodes      int      `json:"grpNodes,omitempty" validate:"gte=0"`
	GrpGPUs       int      `json:"grpGPUs,omitempty" validate:"gte=0"`
	GrpCPUs       int      `json:"grpCPUs,omitempty" validate:"gte=0"`
}

// Reservation is a part of a cluster that is kept for some. Zero is "not stated".
type Reservation struct {
	Partition string   `json:"partition,omitempty"`
	Nodes     int      `json:"nodes,omitempty" validate:"gte=0"`
	Users     []string `json:"users,omitempty"` // who may use it, with the members of accounts; both empty: not stated
	Accounts  []string `json:"accounts,omitempty"`
	Start     Time     `json:"start,omitzero"`
	End       Time     `json:"end,omitzero"`
}

// gresName is a GRES that is counted as GPUs, with a type or without.
var gresName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*(:[A-Za-z0-9_.-]+)?$`)

// siteFacts checks what a site states about its scheduler: names that refer to each other, and numbers that contradict.
func (c *checker) siteFacts(s SiteSpec) {
	if s.SlurmVersion != "" && !slurmVersion.MatchString(s.SlurmVersion) {
		c.bad("spec.slurmVersion", "must be a release of Slurm such as 26.05.5, found "+brief(s.SlurmVersion), "type: sinfo --version")
	}
	for name, p := range s.Partitions {
		c.partitionFacts(s, "spec.partitions["+name+"]", p)
	}
	for name, q := range s.QOS {
		at := "spec.qos[" + name + "]"
		c.order(at, "Nodes", q.MinNodes, q.MaxNodes)
		c.order(at, "GPUs", q.MinGPUs, q.MaxGPUs)
		c.order(at, "CPUs", q.MinCPUs, q.MaxCPUs)
	}
	for name, a := range s.Accounts {
		at := "spec.accounts[" + name + "]"
		c.slurmName(at, name)
		c.references(at+".qos", "qos", a.QOS, s.QOS != nil, keys(s.QOS))
		c.references(at+".partitions", "partition", a.Partitions, s.Partitions != nil, keys(s.Partitions))
		c.reference(at+".defaultQos", "qos", a.DefaultQOS, s.QOS != nil, keys(s.QOS))
		if len(a.QOS) > 0 && a.DefaultQOS != "" && !slices.Contains(a.QOS, a.DefaultQOS) {
			c.bad(at+".defaultQos", brief(a.DefaultQOS)+" is not in qos, which lists those that jobs of this account can have", "add it to qos, or choose one of them")
		}
	}
	for name, r := range s.Reservations {
		at := "spec.reservations[" + name + "]"
		c.slurmName(at, name)
		c.reference(at+".partition", "partition", r.Partition, s.Partitions != nil, keys(s.Partitions))
		if !r.Start.IsZero() && !r.End.IsZero() && !r.End.After(r.Start.Time) {
			c.bad(at+".end", "is not after its start, "+r.Start.String(), "")
		}
	}
	c.reference("spec.account", "account", s.Account, s.Accounts != nil, keys(s.Accounts))
	for name, n := range s.Licenses {
		c.slurmName("spec.licenses["+name+"]", name)
		if n < 0 {
			c.bad("spec.licenses["+name+"]", fmt.Sprintf("must be at least 0, found %d", n), "")
		}
	}
}

func (c *checker) partitionFacts(s SiteSpec, at string, p Partition) {
	c.order(at, "Nodes", p.MinNodes, p.MaxNodes)
	c.gres(at+".gres", p.GRES)
	for word, list := range map[string][]string{"allowQos": p.AllowQOS, "denyQos": p.DenyQOS} {
		c.references(at+"."+word, "qos", list, s.QOS != nil, keys(s.QOS))
	}
	c.reference(at+".qos", "qos", p.QOS, s.QOS != nil, keys(s.QOS))
	for word, list := range map[string][]string{"allowAccounts": p.AllowAccounts, "denyAccounts": p.DenyAccounts} {
		for i, name := range list { // accounts that are not the user's can be among them
			c.slurmName(fmt.Sprintf("%s.%s[%d]", at, word, i), name)
		}
	}
	sum := 0
	for i, n := range p.NodeSets {
		c.gres(fmt.Sprintf("%s.nodeSets[%d].gres", at, i), n.GRES)
		sum += n.Nodes
	}
	if len(p.NodeSets) > 0 && p.Nodes > 0 && sum != p.Nodes {
		c.bad(at+".nodeSets", fmt.Sprintf("come to %d nodes, but the partition has %d (nodes)", sum, p.Nodes), "")
	}
	if p.DefaultTime > p.MaxTime && p.MaxTime > 0 {
		c.bad(at+".defaultTime", fmt.Sprintf("%s is longer than maxTime, which is %s", p.DefaultTime, p.MaxTime), "")
	}
}

// order checks that a minimum is not above its maximum; a maximum of 0 is "not stated".
func (c *checker) order(at, what string, least, most int) {
	if most > 0 && least > most {
		c.bad(at+".min"+what, fmt.Sprintf("%d is more than max%s, which is %d", least, what, most), "")
	}
}

func (c *checker) gres(path, word string) {
	if word != "" && !gresName.MatchString(word) {
		c.bad(path, "must be the name of the GPUs in Slurm, such as gpu or gpu:a100, found "+brief(word), "")
	}
}

func (c *checker) references(path, what string, words []string, stated bool, names []string) {
	for i, word := range words {
		c.reference(fmt.Sprintf("%s[%d]", path, i), what, word, stated, names)
	}
}

func (c *checker) slurmName(path, word string) {
	if word != "" && !slurmName.MatchString(word) {
		c.bad(path, "must be a name of letters, digits and _ . + @ -, found "+brief(word), "")
	}
}
