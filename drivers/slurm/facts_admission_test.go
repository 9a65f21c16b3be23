package slurm

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/user"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/slurm/cluster"
	"assay/reconciler/plan/admit"
)

// importedShapes is how many jobs an imported site is compared with Slurm over.
const importedShapes = 200

// variedSite makes a cluster of what sites have: nodes of two kinds, partitions with limits, closed ones, licences; with accounting a
// partition with a QOS of its own, and partitions for some QOSs.
func variedSite(enforce string) cluster.Option {
	return cluster.Edit(func(conf string) string {
		plain := "CPUs=16 Boards=1 SocketsPerBoard=1 CoresPerSocket=16 ThreadsPerCore=1 RealMemory=64000 Gres=gpu:4"
		large := "CPUs=32 Boards=1 SocketsPerBoard=1 CoresPerSocket=32 ThreadsPerCore=1 RealMemory=128000"
		at := strings.LastIndex(conf, plain)
		conf = conf[:at] + large + conf[at+len(plain):]
		conf += "PartitionName=small Nodes=n1 MaxTime=60 DefaultTime=10 MaxNodes=1 MaxCPUsPerNode=8 MaxMemPerNode=32000\n" +
			"PartitionName=whole Nodes=n[1-2] OverSubscribe=EXCLUSIVE MaxTime=2-00:00:00\nPartitionName=two Nodes=n[1-2] MinNodes=2\n" +
			"PartitionName=closed Nodes=n1 State=INACTIVE\nPartitionName=kept Nodes=n1 ReqResv=YES\nLicenses=ansys:10\n"
		if strings.Contains(conf, "slurmdbd") {
			conf += "PartitionName=strictly Nodes=n[1-2] QOS=strict\nPartitionName=strictonly Nodes=n[1-2] AllowQos=strict\nPartitionName=noshort Nodes=n[1-2] DenyQos=short\n"
		}
		return conf + "EnforcePartLimits=" + enforce + "\n"
	})
}

// importedShape is a job as somebody could ask for it.
func importedShape(r *rand.Rand, site v1alpha1.Site, accounting bool) drivers.JobSpec {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	rare := func() bool { return r.IntN(7) == 0 } // a job asks for too much in one respect, mostly, or in none
	number := func(usual, large []int) int {
		if rare() {
			usual = large
		}
		return usual[r.IntN(len(usual))]
	}
	j := drivers.JobSpec{Name: "assay.shape", Dir: "/", Argv: []string{"true"}, Partition: pick("cpu", "gpu", "small", "whole", "two"),
		Nodes: number([]int{1, 1, 2}, []int{2, 3}), GPUsPerNode: number([]int{0, 0, 1, 2}, []int{4, 5}), CPUsPerNode: number([]int{0, 1, 8}, []int{9, 16, 17, 32, 33}),
		MemoryPerNode: int64(number([]int{0, 0, 1, 31}, []int{32, 62, 63, 125})) << 30, Time: time.Duration(number([]int{5, 10, 59, 60}, []int{11, 61, 360, 361, 1440, 2880, 2881, 8640, 10000})) * time.Minute}
	if rare() {
		j.Partition = pick("closed", "kept", "nowhere")
	}
	if accounting {
		if r.IntN(3) == 0 {
			j.Partition = pick("strictly", "strictonly", "noshort")
		}
		j.Account, j.QOS = pick(site.Spec.Account, site.Spec.Account, "team"), pick("", "normal", cluster.QOSShort, cluster.QOSStrict, "dev", "long")
		if rare() {
			j.Account = "nowhere"
		}
		if rare() {
			j.QOS = pick("hers", "nowhere")
		}
		j.Reservation = site.Spec.QOS[j.QOS].Reservation[j.Partition]
	}
	return j
}

// compareImported imports the site of a cluster, and holds its admission of random jobs against what sbatch --test-only says.
func compareImported(t *testing.T, c *cluster.Cluster, accounting bool) {
	s := scheduler(t, c)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	facts, err := s.Facts(t.Context(), Person{Name: me.Username, UID: os.Getuid(), Groups: []string{me.Username}})
	if err != nil {
		t.Fatal(err)
	}
	site := v1alpha1.Site{Metadata: v1alpha1.Metadata{Name: "imported"}, Spec: facts.Spec}
	limits := admit.Limits{Site: site, User: me.Username, At: time.Now()}
	r := rand.New(rand.NewPCG(13, 5))
	count := map[string]int{}
	for range importedShapes {
		j := importedShape(r, site, accounting)
		argv, text, err := Command(j)
		if err != nil {
			t.Fatal(err)
		}
		a := s.sbatch(t.Context(), text, slices.Insert(argv[1:], 0, "--test-only")...)
		if a.err != nil || unreachable(a.text) {
			t.Fatalf("sbatch --test-only: %v %s", a.err, a.text)
		}
		found := limits.Job(j)
		slurm, assay := a.code == 0, !admit.Refused(found)
		count[fmt.Sprintf("slurm %v, assay %v", slurm, assay)]++
		if slurm != assay {
			t.Errorf("-p %s -A %q -q %q -N%d --gres=gpu:%d -c %d --mem %dM -t %s --reservation=%q: Slurm %v (%s), assay %v %+v", j.Partition, j.Account, j.QOS, j.Nodes, j.GPUsPerNode, j.CPUsPerNode,
				j.MemoryPerNode>>20, j.Time, j.Reservation, slurm, a.text, assay, found)
		}
	}
	t.Logf("Slurm %s, EnforcePartLimits=%s, accounting %v: of %d jobs: %v", facts.Spec.SlurmVersion, facts.Spec.EnforcePartLimits, accounting, importedShapes, count)
	if count["slurm true, assay true"] < importedShapes/10 || count["slurm false, assay false"] < importedShapes/10 {
		t.Errorf("the jobs are not varied enough: %v", count)
	}
}

// TestAdmissionOfAnImportedSite: without accounting, the site that is imported admits what Slurm accepts and refuses what it refuses.
func TestAdmissionOfAnImportedSite(t *testing.T) {
	start(t) // skips where there is no Slurm
	for _, enforce := range []string{"NO", "ALL"} {
		t.Run(enforce, func(t *testing.T) {
			c, end, err := up(variedSite(enforce))
			if end != nil {
				t.Cleanup(end)
			}
			if err != nil {
				t.Fatal(err)
			}
			compareImported(t, c, false)
		})
	}
}

// TestAdmissionWithLimits: the same with QOSs, accounts and their limits.
func TestAdmissionWithLimits(t *testing.T) {
	if !cluster.AccountingInstalled() && os.Getenv("ASSAY_REQUIRE_ACCOUNTING") != "1" {
		t.Skip("slurmdbd and MariaDB are not installed: apt-get install slurmdbd mariadb-server, or make test-sites")
	}
	c, end, err := up(cluster.Accounting, variedSite("ALL"))
	if end != nil {
		t.Cleanup(end)
	}
	if err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{
		{"add", "qos", "dev", "MaxWall=06:00:00", "MaxTRESPerJob=node=1,gres/gpu=3", "MaxTRESPerUser=node=2,cpu=32,gres/gpu=4", "GrpTRES=node=8", "Flags=DenyOnLimit"},
		{"add", "qos", "long", "MaxWall=6-00:00:00", "GrpTRES=gres/gpu=8", "MaxTRESPerAccount=cpu=64", "Flags=PartitionTimeLimit,OverPartQOS"},
		{"add", "qos", "hers"},
		{"modify", "account", cluster.Account, "set", "GrpTRES=node=3,cpu=48", "MaxWall=2-00:00:00"},
		{"modify", "user", me.Username, "set", "QOS+=dev,long"},
		{"add", "account", "team", "Parent=" + cluster.Account, "GrpTRES=node=4,gres/gpu=6", "MaxWall=1-00:00:00"},
		{"add", "user", me.Username, "Account=team", "Partition=gpu", "QOS=normal,dev"},
	} {
		if out, err := c.Run("sacctmgr", append([]string{"--immediate"}, words...)...); err != nil {
			t.Fatalf("sacctmgr %v: %v %s", words, err, out)
		}
	}
	// slurmdbd tells the controller of each change a moment later.
	until(t, "the controller to know of the last change", func() bool {
		out, err := c.Run("scontrol", "show", "assoc_mgr", "accounts=team", "flags=assoc", "--oneliner")
		return err == nil && strings.Contains(out, "Account=team UserName="+me.Username)
	})
	compareImported(t, c, true)
}
