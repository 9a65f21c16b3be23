package slurm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/slurm/cluster"
	"assay/reconciler/plan/admit"
	"assay/reconciler/plan/admittest"
)

// shapes is how many random jobs are compared.
const shapes = 200

// partitions are added to the cluster's own: what admittedSite states of them.
const partitions = `
PartitionName=small Nodes=n[1-2] MaxNodes=1 MaxTime=60 State=UP
PartitionName=pair Nodes=n[1-2] MinNodes=2 MaxTime=30 State=UP
PartitionName=whole Nodes=n1 OverSubscribe=EXCLUSIVE MaxTime=120 State=UP
`

func withPartitions(enforce, more string) cluster.Option {
	return cluster.Edit(func(conf string) string { return conf + "EnforcePartLimits=" + enforce + partitions + more })
}

func admittedSite() v1alpha1.Site {
	node := func(p v1alpha1.Partition) v1alpha1.Partition {
		p.GPUsPerNode, p.CPUsPerNode, p.MemoryPerNode = 4, 16, 64000<<20
		return p
	}
	minutes := func(n int) v1alpha1.Duration { return v1alpha1.Duration(time.Duration(n) * time.Minute) }
	return v1alpha1.Site{Metadata: v1alpha1.Metadata{Name: "test"}, Spec: v1alpha1.SiteSpec{Scheduler: v1alpha1.Slurm, Partitions: map[string]v1alpha1.Partition{
		"cpu": node(v1alpha1.Partition{Nodes: 2}), "gpu": node(v1alpha1.Partition{Nodes: 2, GRES: "gpu"}),
		"small": node(v1alpha1.Partition{Nodes: 2, MaxNodes: 1, MaxTime: minutes(60)}),
		"pair":  node(v1alpha1.Partition{Nodes: 2, MinNodes: 2, MaxTime: minutes(30)}),
		"whole": node(v1alpha1.Partition{Nodes: 1, WholeNodes: true, MaxTime: minutes(120)}),
	}}}
}

// release is the version of a cluster's Slurm.
func release(t *testing.T, c *cluster.Cluster) string {
	t.Helper()
	out, err := c.Run("sinfo", "--version")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(out) // slurm-wlm 24.11.5, as Debian has it
	return words[len(words)-1]
}

// TestAdmissionIsSlurms compares admission with sbatch --test-only on a cluster without accounting, as it comes and with
// partition limits enforced.
func TestAdmissionIsSlurms(t *testing.T) {
	start(t)
	for i, enforce := range []string{"NO", "ALL"} {
		t.Run("EnforcePartLimits="+enforce, func(t *testing.T) {
			c, end, err := up(withPartitions(enforce, ""))
			t.Cleanup(end)
			if err != nil {
				t.Fatal(err)
			}
			site := admittedSite()
			site.Spec.EnforcePartLimits, site.Spec.SlurmVersion = enforce, release(t, c)
			admittest.Compare(t, admit.Limits{Site: site}, scheduler(t, c), shapes, uint64(i))
		})
	}
}

// limited are QOSs and accounts with limits of every kind, as sacctmgr sets them and as a site states them.
func limited(t *testing.T, c *cluster.Cluster, site *v1alpha1.Site) {
	t.Helper()
	yes, no := true, false
	minutes := func(n int) v1alpha1.Duration { return v1alpha1.Duration(time.Duration(n) * time.Minute) }
	site.Spec.Account = cluster.Account
	site.Spec.QOS = map[string]v1alpha1.QOS{"normal": {DenyOnLimit: &no},
		cluster.QOSShort:  {MaxTime: minutes(10), MaxJobsPerUser: 1, MaxSubmitJobsPerUser: 2, DenyOnLimit: &no},
		cluster.QOSStrict: {MaxTime: minutes(10), DenyOnLimit: &yes}}
	sacctmgr := func(words ...string) {
		if _, err := c.Run("sacctmgr", append([]string{"--immediate"}, words...)...); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	add := func(name, limits string, q v1alpha1.QOS) {
		words := append([]string{"add", "qos", name}, strings.Fields(limits)...)
		sacctmgr(words...)
		names, site.Spec.QOS[name] = append(names, name), q
	}
	for flag, deny := range map[string]*bool{"Flags=DenyOnLimit": &yes, "": &no} {
		for name, q := range map[string]v1alpha1.QOS{
			"job":  {MaxNodes: 1, MaxGPUs: 2, MaxCPUs: 8, MaxTime: minutes(20), DenyOnLimit: deny},
			"user": {MaxNodesPerUser: 1, MaxGPUsPerUser: 3, MaxCPUsPerUser: 20, DenyOnLimit: deny},
			"all":  {GrpNodes: 1, GrpGPUs: 6, GrpCPUs: 24, DenyOnLimit: deny},
			"min":  {MinNodes: 2, MinGPUs: 2, MinCPUs: 4, DenyOnLimit: deny},
			"over": {MaxNodes: 2, OverPartQOS: true, DenyOnLimit: deny},
			"time": {PartitionTime: true, MaxTime: minutes(200), DenyOnLimit: deny},
		} {
			limits := map[string]string{"job": "MaxTRESPerJob=node=1,gres/gpu=2,cpu=8 MaxWall=20", "user": "MaxTRESPerUser=node=1,gres/gpu=3,cpu=20",
				"all": "GrpTRES=node=1,gres/gpu=6,cpu=24", "min": "MinTRES=node=2,gres/gpu=2,cpu=4", "over": "MaxTRESPerJob=node=2", "time": "MaxWall=200"}[name]
			flags := strings.TrimPrefix(flag, "Flags=")
			for of, extra := range map[string]string{"over": "OverPartQOS", "time": "PartitionTimeLimit"} {
				if of == name {
					flags = strings.Trim(flags+","+extra, ",")
				}
			}
			if flags != "" {
				limits += " Flags=" + flags
			}
			if deny == &no {
				name += "-waits"
			}
			add(name, limits, q)
		}
	}
	for _, name := range []string{"onpart", "onpart-waits"} {
		flags := map[string]string{"onpart": " Flags=DenyOnLimit"}[name]
		add(name, "MaxTRESPerJob=node=1"+flags, v1alpha1.QOS{MaxNodes: 1, DenyOnLimit: map[string]*bool{"onpart": &yes, "onpart-waits": &no}[name]})
	}
	own := append([]string{"normal", cluster.QOSShort, cluster.QOSStrict}, names...)
	sacctmgr("modify", "user", "where", "account="+cluster.Account, "set", "qos="+strings.Join(own, ","))
	sacctmgr("add", "account", "tight")
	few := []string{"normal", cluster.QOSStrict, "job", "over"}
	me := strings.TrimSpace(must(c.Run("sacctmgr", "-n", "-P", "show", "assoc", "where", "account="+cluster.Account, "format=user")))
	sacctmgr("add", "user", me, "account=tight", "QOS="+strings.Join(few, ","), "DefaultQOS=normal", "MaxWall=15", "MaxTRESPerJob=node=1,gres/gpu=2,cpu=12", "GrpTRES=cpu=14")
	site.Spec.Accounts = map[string]v1alpha1.Account{
		cluster.Account: {QOS: own, DefaultQOS: "normal"},
		"tight":         {QOS: few, DefaultQOS: "normal", MaxTime: minutes(15), MaxNodes: 1, MaxGPUs: 2, MaxCPUs: 12, GrpCPUs: 14},
	}
}

func must(s string, err error) string {
	if err != nil {
		panic(fmt.Sprint(s, err))
	}
	return s
}

// TestAdmissionIsAccountings is the same with accounting: limits of QOSs, of a partition's QOS and of accounts.
func TestAdmissionIsAccountings(t *testing.T) {
	if !cluster.AccountingInstalled() {
		t.Skip("slurmdbd and MariaDB are not installed: apt-get install slurmdbd mariadb-server")
	}
	for i, enforce := range []string{"NO", "ALL"} {
		t.Run("EnforcePartLimits="+enforce, func(t *testing.T) {
			c, end, err := up(cluster.Accounting, withPartitions(enforce, ""))
			t.Cleanup(end)
			if err != nil {
				t.Fatal(err)
			}
			site := admittedSite()
			limited(t, c, &site)
			for _, p := range []struct{ name, qos string }{{"cpu", "onpart"}, {"whole", "onpart-waits"}} { // a QOS has to be there first
				if _, err := c.Run("scontrol", "update", "PartitionName="+p.name, "QOS="+p.qos); err != nil {
					t.Fatal(err)
				}
				part := site.Spec.Partitions[p.name]
				part.QOS = p.qos
				site.Spec.Partitions[p.name] = part
			}
			for _, words := range []string{"PartitionName=lists Nodes=n[1-2] AllowQos=normal,job,user AllowAccounts=lab State=UP", "PartitionName=denies Nodes=n[1-2] DenyQos=strict DenyAccounts=tight State=UP"} {
				if _, err := c.Run("scontrol", append([]string{"create"}, strings.Fields(words)...)...); err != nil { // with names that are not there yet, Slurm 26.05 does not start
					t.Fatal(err)
				}
			}
			lists := site.Spec.Partitions["gpu"]
			lists.AllowQOS, lists.AllowAccounts = []string{"normal", "job", "user"}, []string{"lab"}
			site.Spec.Partitions["lists"] = lists
			denies := site.Spec.Partitions["gpu"]
			denies.DenyQOS, denies.DenyAccounts = []string{"strict"}, []string{"tight"}
			site.Spec.Partitions["denies"] = denies
			site.Spec.EnforcePartLimits, site.Spec.SlurmVersion = enforce, release(t, c)
			admittest.Compare(t, admit.Limits{Site: site}, scheduler(t, c), 2*shapes, uint64(i))
		})
	}
}
