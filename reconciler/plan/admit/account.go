package admit

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"assay/drivers"
)

// account holds the names in a job against those of its account.
func (l Limits) account(j drivers.JobSpec) (found []Finding) {
	name, a, ok := l.accountOf(j)
	if !ok && name != "" && l.Site.Spec.Accounts != nil {
		return []Finding{{Field: Account, Message: fmt.Sprintf("the site has no account %s, only %s", name, strings.Join(slices.Sorted(maps.Keys(l.Site.Spec.Accounts)), ", ")), Unknown: true}}
	}
	qos := l.qosOf(j)
	if _, known := l.Site.Spec.QOS[qos]; qos != "" && !known && l.Site.Spec.QOS != nil {
		found = append(found, Finding{Field: QOS, Message: "the site has no qos " + qos, Unknown: true})
	} else if qos != "" && len(a.QOS) > 0 && !slices.Contains(a.QOS, qos) {
		found = append(found, Finding{Field: QOS, Message: fmt.Sprintf("account %s has no qos %s, only %s", name, qos, strings.Join(a.QOS, ", "))})
	}
	if j.Partition != "" && len(a.Partitions) > 0 && !slices.Contains(a.Partitions, j.Partition) {
		found = append(found, Finding{Field: Partition, Message: fmt.Sprintf("account %s has no jobs in partition %s, only in %s", name, j.Partition, strings.Join(a.Partitions, ", "))})
	}
	return found
}

// reservation holds a job against the reservation that its QOS names.
func (l Limits) reservation(j drivers.JobSpec) []Finding {
	r, ok := l.Site.Spec.Reservations[j.Reservation]
	account, _, _ := l.accountOf(j)
	bad := func(field, format string, args ...any) []Finding {
		return []Finding{{Field: field, Message: fmt.Sprintf("its qos uses reservation "+j.Reservation+", "+format, args...)}}
	}
	switch {
	case j.Reservation == "" || l.Site.Spec.Reservations == nil:
		return nil
	case !ok:
		return bad(QOS, "which the site does not have")
	case !l.At.IsZero() && !r.End.IsZero() && !l.At.Before(r.End.Time):
		return bad(QOS, "which ended at %s", r.End)
	case r.Partition != "" && j.Partition != "" && r.Partition != j.Partition:
		return bad(Partition, "which is of partition %s and not of %s", r.Partition, j.Partition)
	case (len(r.Users) > 0 || len(r.Accounts) > 0) && l.User != "" && !slices.Contains(r.Users, l.User) && !slices.Contains(r.Accounts, account):
		return bad(QOS, "which neither user %s nor account %s may use", l.User, account)
	case r.Nodes > 0 && j.Nodes > r.Nodes:
		f := bad(Nodes, "which has %d nodes and not %d", r.Nodes, j.Nodes)
		f[0].instead = []string{fmt.Sprintf("nodes: %d", r.Nodes)}
		return f
	}
	return nil
}

// licenses holds the licenses that the site's directives ask for against those that there are.
func (l Limits) licenses(j drivers.JobSpec) (found []Finding) {
	if l.Site.Spec.Licenses == nil {
		return nil
	}
	for _, d := range j.Directives {
		list, ok := strings.CutPrefix(d, "--licenses=")
		if !ok {
			list, ok = strings.CutPrefix(d, "-L")
		}
		if !ok {
			continue
		}
		for word := range strings.FieldsFuncSeq(strings.TrimSpace(list), func(r rune) bool { return r == ',' || r == ';' }) {
			name, count, counted := strings.Cut(word, ":")
			n, err := strconv.Atoi(count)
			if !counted || err != nil {
				n = 1
			}
			if has, known := l.Site.Spec.Licenses[name]; !known || n > has {
				found = append(found, Finding{Field: Licenses, Message: fmt.Sprintf("the site's directive %s asks for %d of license %s, and there are %d", d, n, name, has)})
			}
		}
	}
	return found
}
