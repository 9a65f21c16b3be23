package slurm

import (
	"cmp"
	"slices"
	"strings"

	"assay/api/v1alpha1"
)

// limitFields are those of an association, asked of sacctmgr in this order. Slurm 22.05 to 26.05 know all of them. sacctmgr fills in
// what an association inherits, except for the Grp limits of the accounts above it, which hold as well.
var limitFields = []string{"Account", "ParentName", "Partition", "QOS", "DefaultQOS", "MaxWall", "MaxTRESPerJob", "MaxJobs", "MaxSubmitJobs", "GrpTRES", "GrpJobs", "GrpSubmitJobs",
	"MaxTRESPerNode", "MaxTRESMinsPerJob", "GrpTRESMins", "GrpTRESRunMins", "GrpWall"}

// association is a row of sacctmgr.
type association struct {
	account, parent, partition string
	spec                       v1alpha1.Account
	closed                     string // the limit of 0 that lets no job in
	unchecked                  []string
}

func readAssociations(text string, s settings) []association {
	var out []association
	for _, row := range readTable(text, limitFields) {
		a := association{account: row["Account"], parent: row["ParentName"], partition: row["Partition"]}
		if s.qos {
			a.spec.QOS, a.spec.DefaultQOS = listOf(row["QOS"]), row["DefaultQOS"]
		}
		if s.limits {
			a.limits(row)
		}
		out = append(out, a)
	}
	return out
}

func (a *association) limits(row map[string]string) {
	x := &a.spec
	x.MaxTime = v1alpha1.Duration(limitOf(row["MaxWall"]))
	for name, field := range map[string]*int{"MaxJobs": &x.MaxJobs, "MaxSubmitJobs": &x.MaxSubmitJobs, "GrpJobs": &x.GrpJobs, "GrpSubmitJobs": &x.GrpSubmitJobs} {
		if *field = count(row[name]); row[name] == "0" {
			a.closed = name + "=0"
		}
	}
	for name, fields := range map[string][3]*int{"MaxTRESPerJob": {&x.MaxNodes, &x.MaxGPUs, &x.MaxCPUs}, "GrpTRES": {&x.GrpNodes, &x.GrpGPUs, &x.GrpCPUs}} {
		t := readTRES(row[name])
		*fields[0], *fields[1], *fields[2] = t.nodes, t.gpus, t.cpus
		for _, z := range t.zero {
			if z == "node" || z == "cpu" {
				a.closed = name + " " + z + "=0"
			} else {
				a.unchecked = append(a.unchecked, name+" "+z+"=0")
			}
		}
		for _, o := range t.other {
			a.unchecked = append(a.unchecked, name+" "+o)
		}
	}
	for _, name := range []string{"MaxTRESPerNode", "MaxTRESMinsPerJob", "GrpTRESMins", "GrpTRESRunMins", "GrpWall"} {
		if row[name] != "" {
			a.unchecked = append(a.unchecked, name+" "+row[name])
		}
	}
	slices.Sort(a.unchecked)
}

// under adds the Grp limits of an account above. They hold for everybody in it, so the least counts.
func (a *association) under(above association) {
	x, y := &a.spec, above.spec
	x.GrpJobs, x.GrpSubmitJobs = least(x.GrpJobs, y.GrpJobs), least(x.GrpSubmitJobs, y.GrpSubmitJobs)
	x.GrpNodes, x.GrpGPUs, x.GrpCPUs = least(x.GrpNodes, y.GrpNodes), least(x.GrpGPUs, y.GrpGPUs), least(x.GrpCPUs, y.GrpCPUs)
	if a.closed == "" && strings.HasPrefix(above.closed, "Grp") {
		a.closed = above.closed + " of account " + above.account
	}
	for _, u := range above.unchecked {
		if strings.HasPrefix(u, "Grp") { // the others are inherited, and sacctmgr shows them
			a.unchecked = append(a.unchecked, u+" (of account "+above.account+")")
		}
	}
}

// accounts puts the user's associations into the site, each with the limits of the accounts above it.
func (f *facts) accounts(own, above []association, first string) {
	byName := map[string]association{}
	for _, a := range above {
		byName[a.account] = a
	}
	grouped := map[string][]association{}
	for _, a := range own {
		for at, depth := a.account, 0; at != "" && depth < deepest; depth++ {
			level, known := byName[at]
			if !known {
				break
			}
			a.under(level)
			at = level.parent
		}
		grouped[a.account] = append(grouped[a.account], a)
	}
	f.Spec.Accounts = map[string]v1alpha1.Account{}
	for _, name := range sorted(grouped) {
		f.account(name, grouped[name])
	}
	if _, there := f.Spec.Accounts[first]; there {
		f.Spec.Account = first
	}
}

// account is one, which the user can have everywhere, or in some partitions each with limits of its own.
func (f *facts) account(name string, rows []association) {
	slices.SortFunc(rows, func(a, b association) int { return cmp.Compare(a.partition, b.partition) }) // the one for all partitions first
	if !f.names(name) {
		f.note("accounts", "", "account %q is left out: its name cannot be written in a manifest", name)
		return
	}
	open := slices.DeleteFunc(slices.Clone(rows), func(a association) bool { return a.closed != "" })
	if len(open) == 0 {
		f.note("accounts", "", "account %s is left out: its limit %s lets no job in", name, rows[0].closed)
		return
	}
	spec := open[0].spec
	spec.DefaultQOS = defaultQOS(spec)
	for _, a := range open {
		if len(a.unchecked) > 0 {
			f.note("accounts", name, "not checked before submission: %s", strings.Join(a.unchecked, "; "))
		}
		if open[0].partition == "" && a.partition != "" {
			f.note("accounts", name, "in partition %s it has limits of its own, which are not checked before submission; type: sacctmgr show assoc user=$USER account=%s", a.partition, name)
		}
	}
	if open[0].partition != "" { // none for all partitions
		for _, a := range open {
			spec.Partitions = append(spec.Partitions, a.partition)
			spec = together(spec, a.spec)
		}
		if len(open) > 1 {
			f.note("accounts", name, "its limits differ by partition; written are the tightest; type: sacctmgr show assoc user=$USER account=%s", name)
		}
	}
	f.Spec.Accounts[name] = spec
}

// together is the tighter of two, where each has a limit.
func together(a, b v1alpha1.Account) v1alpha1.Account {
	a.MaxTime = least(a.MaxTime, b.MaxTime)
	for x, y := range map[*int]int{&a.MaxNodes: b.MaxNodes, &a.MaxGPUs: b.MaxGPUs, &a.MaxCPUs: b.MaxCPUs, &a.MaxJobs: b.MaxJobs, &a.MaxSubmitJobs: b.MaxSubmitJobs,
		&a.GrpJobs: b.GrpJobs, &a.GrpSubmitJobs: b.GrpSubmitJobs, &a.GrpNodes: b.GrpNodes, &a.GrpGPUs: b.GrpGPUs, &a.GrpCPUs: b.GrpCPUs} {
		*x = least(*x, y)
	}
	a.QOS = slices.DeleteFunc(slices.Clone(a.QOS), func(q string) bool { return len(b.QOS) > 0 && !slices.Contains(b.QOS, q) })
	return a
}

// defaultQOS is what Slurm gives a job that names none: the default, else the only one, else normal.
func defaultQOS(a v1alpha1.Account) string {
	switch {
	case a.DefaultQOS != "" || len(a.QOS) == 0:
		return a.DefaultQOS
	case len(a.QOS) == 1:
		return a.QOS[0]
	case slices.Contains(a.QOS, "normal"):
		return "normal"
	}
	return ""
}
