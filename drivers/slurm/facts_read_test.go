package slurm

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"assay/api/v1alpha1"
	"assay/drivers"
)

func TestReadGPUs(t *testing.T) {
	for gres, want := range map[string]struct {
		n     int
		types []string
	}{
		"(null)": {}, "": {}, "nvme:1": {}, "gpu:4": {n: 4}, "gpu": {n: 1}, "gpu:a100:4(S:0,1)": {4, []string{"a100"}}, "gpu:a100:2(S:0),gpu:v100:1(S:1),nvme:2": {3, []string{"a100", "v100"}},
		"gpu:no_consume:4": {n: 4}, "gpu:1g.5gb:7": {7, []string{"1g.5gb"}}, "shard:8,gpu:2(IDX:0-1)": {n: 2},
	} {
		if n, types := readGPUs(gres); n != want.n || !slices.Equal(types, want.types) {
			t.Errorf("%q: %d %q, want %+v", gres, n, types, want)
		}
	}
}

func TestReadTRES(t *testing.T) {
	got := readTRES("cpu=64,gres/gpu=4,node=2,mem=100G,gres/gpu:a100=2,license/ansys=0")
	if want := (tres{nodes: 2, gpus: 4, cpus: 64, zero: []string{"license/ansys"}, other: []string{"mem=100G", "gres/gpu:a100=2"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestFreeTextIsNoFact: the comment of a node can look like a fact.
func TestFreeTextIsNoFact(t *testing.T) {
	nodes := readNodes("NodeName=n1 CPUTot=16 Gres=gpu:2 OS=Linux 6.1 #1 SMP RealMemory=1000 State=IDLE Partitions=a,b Comment=CPUTot=99 Gres=gpu:8 Partitions=root\nNodeName=n2 State=FUTURE CPUTot=4\n")
	want := []machine{{name: "n1", set: v1alpha1.NodeSet{Nodes: 1, GPUsPerNode: 2, CPUsPerNode: 16, MemoryPerNode: 1000 << 20}, partitions: []string{"a", "b"}}}
	if !reflect.DeepEqual(nodes, want) {
		t.Errorf("%+v, want %+v", nodes, want)
	}
}

// changed is a recording in which a text is another.
func changed(t *testing.T, path string, from, to string) Facts {
	t.Helper()
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for i := range a.Files[:len(a.Files)-1] {
		text := string(a.Files[i].Data)
		found = found || strings.Contains(text, from)
		a.Files[i].Data = []byte(strings.ReplaceAll(text, from, to))
	}
	if !found {
		t.Fatalf("%s has no %q", path, from)
	}
	f, err := readFacts(Person{Name: "assay", UID: 1000}, recorded(a))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func notes(f Facts) string {
	var b strings.Builder
	for _, n := range f.Notes {
		b.WriteString(n.Field + " " + n.Name + ": " + n.Text + "\n")
	}
	return b.String()
}

// TestWhatIsNotEnforced: limits that the cluster does not enforce are no limits, and a note says so.
func TestWhatIsNotEnforced(t *testing.T) {
	const sample = "testdata/facts/26.05-accounting.txtar"
	f := changed(t, sample, "= associations,limits,qos", "= none")
	if f.Spec.Accounts != nil || f.Spec.QOS["dev"].MaxNodes != 0 || f.Spec.QOS["dev"].DenyOnLimit != nil || !strings.Contains(notes(f), "enforces no limits") || !strings.Contains(notes(f), "any account") {
		t.Errorf("nothing enforced: %s", said(t, f))
	}
	f = changed(t, sample, "= associations,limits,qos", "= associations,limits")
	if got := f.Spec.QOS["hers"]; f.Spec.Accounts["lab"].QOS != nil || f.Spec.Accounts["lab"].MaxNodes != 2 || f.Spec.QOS == nil || got.MaxNodes != 0 || got.DenyOnLimit == nil || *got.DenyOnLimit {
		t.Errorf("QOSs not enforced: %s", said(t, f))
	}
	f = changed(t, sample, "= associations,limits,qos", "= safe,qos")
	if f.Spec.Accounts["lab"].GrpNodes != 3 {
		t.Errorf("safe is limits and associations: %s", said(t, f))
	}
}

// TestUnknownIsANote: what the accounting does not tell is not known, and the note says what to type.
func TestUnknownIsANote(t *testing.T) {
	a, err := txtar.ParseFile("testdata/facts/26.05-accounting.txtar")
	if err != nil {
		t.Fatal(err)
	}
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "sacctmgr") })
	f, err := readFacts(Person{Name: "assay", UID: 1000}, recorded(a))
	if err != nil || f.Spec.QOS != nil || f.Spec.Accounts != nil || len(f.Spec.Partitions) == 0 || !strings.Contains(notes(f), "sacctmgr show qos") {
		t.Errorf("%v %s", err, said(t, f))
	}
	a.Files = a.Files[1:] // no config: no controller
	if _, err := readFacts(Person{}, recorded(a)); !errors.Is(err, drivers.ErrUnavailable) {
		t.Errorf("without a controller: %v", err)
	}
}

// TestNobodyGetsIn: what has a limit of 0 is left out.
func TestNobodyGetsIn(t *testing.T) {
	f := changed(t, "testdata/facts/26.05-accounting.txtar", "lab|||dev,long,normal,shut,strict|normal|2-00:00:00|node=2|50|", "lab|||dev,long,normal,shut,strict|normal|2-00:00:00|node=2|0|")
	if _, there := f.Spec.Accounts["lab"]; there || f.Spec.Account != "" || !strings.Contains(notes(f), "account lab is left out: its limit MaxJobs=0") {
		t.Errorf("%s", said(t, f))
	}
	f = changed(t, "testdata/facts/26.05-accounting.txtar", "cpu=48,node=3", "cpu=0,node=3")
	if len(f.Spec.Accounts) != 0 || !strings.Contains(notes(f), "GrpTRES cpu=0") {
		t.Errorf("%s", said(t, f))
	}
}

// FuzzFacts: whatever the commands print, what comes of it is a site that assay takes.
func FuzzFacts(f *testing.F) {
	for _, path := range []string{"22.05", "22.05-accounting", "24.11-accounting", "26.05-accounting"} {
		a, err := txtar.ParseFile("testdata/facts/" + path + ".txtar")
		if err != nil {
			f.Fatal(err)
		}
		texts := map[string]string{}
		for _, file := range a.Files {
			texts[file.Name] = string(file.Data)
		}
		say := func(name string) string {
			for k, v := range texts {
				if strings.HasPrefix(k, name) {
					return v
				}
			}
			return ""
		}
		f.Add(say("scontrol show config"), say("scontrol show node"), say("scontrol show partition"), say("scontrol show reservation"), say("scontrol show licenses"),
			say("sacctmgr --noheader --parsable2 --readonly show qos"), say("sacctmgr --noheader --parsable2 --readonly show assoc user"))
	}
	f.Fuzz(func(t *testing.T, config, node, partition, reservation, licenses, qos, assoc string) {
		facts, err := readFacts(Person{Name: "assay", UID: 1000}, func(name string, args ...string) answer {
			for _, c := range []struct{ words, text string }{{"show config", config}, {"show node", node}, {"show partition", partition}, {"show reservation", reservation},
				{"show licenses", licenses}, {"show qos", qos}, {"show assoc", assoc}} {
				if strings.Contains(key(name, args), c.words) {
					return answer{out: c.text}
				}
			}
			return answer{}
		})
		if err != nil {
			return
		}
		site := v1alpha1.Site{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindSite, Metadata: v1alpha1.Metadata{Name: "c"}, Spec: facts.Spec}
		b, err := v1alpha1.Encode(site)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v1alpha1.Load([]v1alpha1.File{{Name: "site.yaml", Data: b}}, nil, ""); err != nil {
			t.Errorf("%v\n%s", err, b)
		}
	})
}
