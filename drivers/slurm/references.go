package slurm

import (
	"maps"
	"slices"
	"strings"

	"assay/api/v1alpha1"
)

// reserve names the reservation of a QOS that asks for one, in each partition where there is only one.
func (f *facts) reserve() {
	for _, name := range f.onlyReserved {
		q := f.Spec.QOS[name]
		for partition := range f.Spec.Partitions {
			var there []string
			for reservation, partitions := range f.reserved {
				if slices.Contains(partitions, partition) {
					there = append(there, reservation)
				}
			}
			if len(there) == 1 {
				if q.Reservation == nil {
					q.Reservation = map[string]string{}
				}
				q.Reservation[partition] = there[0]
			}
		}
		f.Spec.QOS[name] = q
	}
}

// references takes names out of lists that the site does not have. A list of those who are let in that is empty then lets nobody
// in, so what it belongs to goes too.
func (f *facts) references() {
	f.qosReferences()
	keep := func(list []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(a string) bool { return !siteName.MatchString(a) })
	}
	for _, name := range sorted(f.Spec.Partitions) {
		p := f.Spec.Partitions[name]
		p.DenyAccounts = keep(p.DenyAccounts)
		allowed := keep(p.AllowAccounts)
		if len(p.AllowAccounts) > 0 && len(allowed) == 0 {
			f.drop(name, "it is for other accounts")
			continue
		}
		p.AllowAccounts = allowed
		f.Spec.Partitions[name] = p
	}
	for _, name := range sorted(f.Spec.Accounts) {
		a := f.Spec.Accounts[name]
		a.Partitions = slices.DeleteFunc(slices.Clone(a.Partitions), func(p string) bool { return !f.has(p) })
		if len(a.Partitions) == 0 && len(f.Spec.Accounts[name].Partitions) > 0 {
			delete(f.Spec.Accounts, name)
			f.note("accounts", "", "account %s is left out: the partitions that it is for are", name)
			continue
		}
		f.Spec.Accounts[name] = a
	}
	if _, there := f.Spec.Accounts[f.Spec.Account]; !there {
		f.Spec.Account = ""
	}
	for name, r := range f.Spec.Reservations {
		if !f.has(r.Partition) {
			r.Partition = ""
			f.Spec.Reservations[name] = r
		}
	}
	f.empty()
}

// qosReferences keeps to the QOSs that the site has, if it knows them.
func (f *facts) qosReferences() {
	if f.Spec.QOS == nil {
		return
	}
	keep := func(list []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(q string) bool { _, there := f.Spec.QOS[q]; return !there })
	}
	for _, name := range sorted(f.Spec.Partitions) {
		p := f.Spec.Partitions[name]
		allowed := keep(p.AllowQOS)
		if len(p.AllowQOS) > 0 && len(allowed) == 0 {
			f.drop(name, "it is for the QOSs "+strings.Join(p.AllowQOS, ", ")+", which you do not have")
			continue
		}
		p.AllowQOS, p.DenyQOS = allowed, keep(p.DenyQOS)
		if _, there := f.Spec.QOS[p.QOS]; p.QOS != "" && !there {
			f.drop(name, "its QOS "+p.QOS+" lets no job in, or is not shown")
			continue
		}
		f.Spec.Partitions[name] = p
	}
	for _, name := range sorted(f.Spec.Accounts) {
		a := f.Spec.Accounts[name]
		usable := keep(a.QOS)
		if len(a.QOS) > 0 && len(usable) == 0 {
			delete(f.Spec.Accounts, name)
			f.note("accounts", "", "account %s is left out: none of its QOSs %s can be used", name, strings.Join(a.QOS, ", "))
			continue
		}
		if a.QOS = usable; !slices.Contains(usable, a.DefaultQOS) && len(usable) > 0 {
			a.DefaultQOS = ""
		}
		f.Spec.Accounts[name] = a
	}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// drop leaves a partition out.
func (f *facts) drop(partition, why string) {
	delete(f.Spec.Partitions, partition)
	if f.Spec.Defaults.Partition == partition {
		f.Spec.Defaults.Partition = ""
	}
	for q, spec := range f.Spec.QOS {
		delete(spec.Reservation, partition)
		f.Spec.QOS[q] = spec
	}
	f.note("partitions", "", "partition %s is left out: %s", partition, why)
}

// empty takes maps away that say nothing: in a site, one that is not there is not known.
func (f *facts) empty() {
	if len(f.Spec.Accounts) == 0 {
		f.Spec.Accounts = nil
	}
	if len(f.Spec.QOS) == 0 {
		f.Spec.QOS = nil
	}
	f.Spec.Defaults.Partition = defaultPartition(f.Spec)
}

// defaultPartition is the cluster's, else the only one.
func defaultPartition(s v1alpha1.SiteSpec) string {
	if names := slices.Collect(maps.Keys(s.Partitions)); s.Defaults.Partition == "" && len(names) == 1 {
		return names[0]
	}
	return s.Defaults.Partition
}
