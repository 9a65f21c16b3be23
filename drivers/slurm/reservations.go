package slurm

import (
	"slices"
	"strings"

	"assay/api/v1alpha1"
)

// reservations reads `scontrol show reservation --oneliner`: those that this user can use.
func (f *facts) reservations(text string, nodes []machine) {
	for _, r := range readRecords(text) {
		name := r["ReservationName"]
		if name == "" || !f.names(name) || !f.admits(r) {
			continue
		}
		spec := v1alpha1.Reservation{Nodes: count(r["NodeCnt"]), Start: v1alpha1.Time{Time: timeOf(r["StartTime"])}, End: v1alpha1.Time{Time: timeOf(r["EndTime"])},
			Users: positive(r["Users"]), Accounts: positive(r["Accounts"])}
		if partition := r["PartitionName"]; f.has(partition) {
			spec.Partition = partition
		}
		if f.Spec.Reservations == nil {
			f.Spec.Reservations = map[string]v1alpha1.Reservation{}
		}
		f.Spec.Reservations[name] = spec
		f.reserved[name] = f.partitionsOf(r, nodes)
	}
}

// admits says whether this user is among those that a reservation is for.
func (f *facts) admits(r map[string]string) bool {
	in := func(list string, names ...string) bool {
		words := listOf(list)
		if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "-") && slices.Contains(names, w[1:]) }) {
			return false
		}
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "-") || slices.Contains(names, w) })
	}
	mine := make([]string, 0, len(f.Spec.Accounts))
	for name := range f.Spec.Accounts {
		mine = append(mine, name)
	}
	users, accounts, groups := listOf(r["Users"]), listOf(r["Accounts"]), listOf(r["Groups"])
	switch {
	case len(groups) > 0:
		return in(r["Groups"], f.who.Groups...)
	case len(users) > 0 && len(accounts) > 0:
		return in(r["Users"], f.who.Name) || in(r["Accounts"], mine...)
	case len(users) > 0:
		return in(r["Users"], f.who.Name)
	}
	return len(accounts) > 0 && in(r["Accounts"], mine...)
}

// positive are the names of a list that is not one of exceptions.
func positive(list string) []string {
	return slices.DeleteFunc(listOf(list), func(w string) bool { return strings.HasPrefix(w, "-") })
}

// partitionsOf are those in which the nodes of a reservation are.
func (f *facts) partitionsOf(r map[string]string, nodes []machine) []string {
	if f.has(r["PartitionName"]) {
		return []string{r["PartitionName"]}
	}
	names, err := ExpandNodes(r["Nodes"])
	if err != nil {
		return nil
	}
	var out []string
	for _, m := range nodes {
		if slices.Contains(names, m.name) {
			out = append(out, m.partitions...)
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(p string) bool { return !f.has(p) })
}

func (f *facts) has(partition string) bool {
	_, there := f.Spec.Partitions[partition]
	return there
}

// licenses reads `scontrol show licenses --oneliner`.
func (f *facts) licenses(text string) {
	for _, r := range readRecords(text) {
		name, total := r["LicenseName"], count(r["Total"])
		if name == "" || !f.names(name) {
			continue
		}
		if f.Spec.Licenses == nil {
			f.Spec.Licenses = map[string]int{}
		}
		f.Spec.Licenses[name] = total
	}
}
