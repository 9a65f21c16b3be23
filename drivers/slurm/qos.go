package slurm

import (
	"slices"
	"strings"

	"assay/api/v1alpha1"
)

// qosFields are asked of sacctmgr, in this order. Slurm 22.05 to 26.05 know all of them.
var qosFields = []string{"Name", "Flags", "MaxWall", "MinTRESPerJob", "MaxTRESPerJob", "MaxTRESPerUser", "MaxTRESPerAccount", "MaxJobsPerUser", "MaxSubmitJobsPerUser",
	"MaxJobsPerAccount", "MaxSubmitJobsPerAccount", "GrpTRES", "GrpJobs", "GrpSubmitJobs", "MaxTRESPerNode", "MaxTRESMinsPerJob", "GrpTRESMins", "GrpTRESRunMins", "GrpWall"}

// readTable reads what sacctmgr and sshare print with -n -P: a row a line, in the fields that were asked for. A line with another
// number of fields is none.
func readTable(text string, fields []string) []map[string]string {
	var out []map[string]string
	for line := range strings.Lines(text) {
		values := strings.Split(strings.TrimRight(line, "\n"), "|")
		if len(values) != len(fields) {
			continue
		}
		row := map[string]string{}
		for i, name := range fields {
			row[name] = strings.TrimSpace(values[i])
		}
		out = append(out, row)
	}
	return out
}

// quality is a QOS as sacctmgr shows it.
type quality struct {
	spec      v1alpha1.QOS
	closed    string // the limit of 0 that lets no job in
	reserved  bool   // it takes only jobs with a reservation
	unchecked []string
}

// readQOS reads every QOS of the cluster by name.
func readQOS(text string, s settings) map[string]quality {
	out := map[string]quality{}
	for _, row := range readTable(text, qosFields) {
		out[row["Name"]] = readQuality(row, s)
	}
	return out
}

func readQuality(row map[string]string, s settings) quality {
	flags := listOf(row["Flags"])
	has := func(flag string) bool { return slices.Contains(flags, flag) }
	q := quality{reserved: has("RequiresReservation"), spec: v1alpha1.QOS{PartitionTime: has("PartitionTimeLimit"), OverPartQOS: has("OverPartQOS")}}
	if !s.limits {
		return q
	}
	x := &q.spec
	x.DenyOnLimit = new(has("DenyOnLimit"))
	x.MaxTime = v1alpha1.Duration(limitOf(row["MaxWall"]))
	q.tres(row, "MinTRESPerJob", &x.MinNodes, &x.MinGPUs, &x.MinCPUs)
	q.tres(row, "MaxTRESPerJob", &x.MaxNodes, &x.MaxGPUs, &x.MaxCPUs)
	q.tres(row, "MaxTRESPerUser", &x.MaxNodesPerUser, &x.MaxGPUsPerUser, &x.MaxCPUsPerUser)
	q.tres(row, "MaxTRESPerAccount", &x.MaxNodesPerAccount, &x.MaxGPUsPerAccount, &x.MaxCPUsPerAccount)
	q.tres(row, "GrpTRES", &x.GrpNodes, &x.GrpGPUs, &x.GrpCPUs)
	for name, field := range map[string]*int{"MaxJobsPerUser": &x.MaxJobsPerUser, "MaxSubmitJobsPerUser": &x.MaxSubmitJobsPerUser,
		"MaxJobsPerAccount": &x.MaxJobsPerAccount, "MaxSubmitJobsPerAccount": &x.MaxSubmitJobsPerAccount, "GrpJobs": &x.GrpJobs, "GrpSubmitJobs": &x.GrpSubmitJobs} {
		if *field = count(row[name]); row[name] == "0" {
			q.closed = name + "=0"
		}
	}
	for _, name := range []string{"MaxTRESPerNode", "MaxTRESMinsPerJob", "GrpTRESMins", "GrpTRESRunMins", "GrpWall"} {
		if row[name] != "" {
			q.unchecked = append(q.unchecked, name+" "+row[name])
		}
	}
	slices.Sort(q.unchecked)
	return q
}

// tres reads one limit of a QOS.
func (q *quality) tres(row map[string]string, name string, nodes, gpus, cpus *int) {
	t := readTRES(row[name])
	*nodes, *gpus, *cpus = t.nodes, t.gpus, t.cpus
	for _, z := range t.zero {
		if name != "MinTRESPerJob" && (z == "node" || z == "cpu") {
			q.closed = name + " " + z + "=0"
		} else if name != "MinTRESPerJob" {
			q.unchecked = append(q.unchecked, name+" "+z+"=0")
		}
	}
	for _, o := range t.other {
		q.unchecked = append(q.unchecked, name+" "+o)
	}
}

// qos puts the QOSs into the site that this user can have, and those of partitions.
func (f *facts) qos(all map[string]quality, usable []string) {
	wanted := slices.Clone(usable)
	for _, p := range f.Spec.Partitions {
		wanted = append(wanted, listOf(p.QOS)...)
	}
	slices.Sort(wanted)
	f.Spec.QOS = map[string]v1alpha1.QOS{}
	for _, name := range slices.Compact(wanted) {
		q, known := all[name]
		switch {
		case !known || !f.names(name):
			f.note("qos", "", "QOS %s is left out: sacctmgr does not show its limits; type: sacctmgr show qos %s", name, name)
			continue
		case q.closed != "" && f.settings.limits:
			f.note("qos", "", "QOS %s is left out: its limit %s lets no job in", name, q.closed)
			continue
		}
		f.Spec.QOS[name] = q.spec
		if len(q.unchecked) > 0 {
			f.note("qos", name, "not checked before submission: %s", strings.Join(q.unchecked, "; "))
		}
		if q.reserved {
			f.onlyReserved = append(f.onlyReserved, name)
			f.note("qos", name, "it takes only jobs with a reservation; where none is written: reservation: {PARTITION: NAME}")
		}
	}
}
