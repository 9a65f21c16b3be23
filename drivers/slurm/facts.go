package slurm

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Facts are what a cluster says of itself, as this user sees it, in the words of a Site.
type Facts struct {
	Cluster string // its ClusterName
	Spec    v1alpha1.SiteSpec
	Notes   []Note
}

// Note is what a Site has no field for, or what could not be known and how to find it out. It belongs to a field of the spec
// ("qos") and, with a name, to one entry of it.
type Note struct{ Field, Name, Text string }

// deepest bounds the levels of accounts.
const deepest = 32

// siteName is what a manifest takes for a name of Slurm.
var siteName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,127}$`)

// facts are being read.
type facts struct {
	Facts
	ask      func(name string, args ...string) answer
	who      Person
	settings settings
	reserved map[string][]string // reservation -> partitions

	onlyReserved []string // QOSs that take only jobs with a reservation
}

// Facts asks scontrol and, where there is accounting, sacctmgr and sshare. It changes nothing. What cannot be known is a note; an
// error is one of the controller: ErrUnavailable.
func (s *Scheduler) Facts(ctx context.Context, who Person) (Facts, error) {
	return readFacts(who, func(name string, args ...string) answer { return s.call(ctx, name, args...) })
}

func readFacts(who Person, ask func(name string, args ...string) answer) (Facts, error) {
	f := &facts{ask: ask, who: who, reserved: map[string][]string{}}
	f.Spec.Scheduler = v1alpha1.Slurm
	config, err := f.show("config")
	if err != nil {
		return f.Facts, err
	}
	f.settings = readSettings(config)
	f.Cluster, f.Spec.SlurmVersion, f.Spec.EnforcePartLimits = f.settings.cluster, f.settings.version, f.settings.partLimits
	if f.Cluster == "" {
		return f.Facts, fmt.Errorf("scontrol show config prints no ClusterName: %w", drivers.ErrUnavailable)
	}
	var texts [4]string
	for i, what := range []string{"node", "partition", "reservation", "licenses"} {
		if texts[i], err = f.show(what, "--oneliner", "--all"); err != nil {
			return f.Facts, err
		}
	}
	nodes := readNodes(texts[0])
	f.partitions(texts[1], nodes)
	f.accounting()
	f.reservations(texts[2], nodes)
	f.licenses(texts[3])
	f.reserve()
	f.references()
	return f.Facts, nil
}

// show is the output of scontrol show.
func (f *facts) show(what string, options ...string) (string, error) {
	a := f.ask("scontrol", append([]string{"show", what}, options...)...)
	if a.err != nil || a.code != 0 {
		return "", fmt.Errorf("asking the controller (scontrol show %s): %w: %w", what, a.failure(), drivers.ErrUnavailable)
	}
	return a.out, nil
}

// accounting reads QOSs and associations, or says why they are unknown.
func (f *facts) accounting() {
	unknown := func(text string) {
		f.note("qos", "", "%s: limits of QOS are unknown", text)
		f.note("accounts", "", "%s: accounts and their limits are unknown", text)
	}
	if !f.settings.accounting {
		unknown("no accounting here")
		return
	}
	if !f.settings.limits {
		f.note("qos", "", "this cluster enforces no limits of QOSs and accounts (AccountingStorageEnforce has no \"limits\"), so none are written")
	}
	qualities, err := f.manage("show", "qos", "format="+strings.Join(qosFields, ","))
	own, err2 := f.manage("show", "assoc", "user="+f.who.Name, "cluster="+f.Cluster, "format="+strings.Join(limitFields, ","))
	if err = errors.Join(err, err2); err != nil || !siteName.MatchString(f.who.Name) {
		unknown(fmt.Sprintf("the accounting does not answer (%v); import again later, or type: sacctmgr show qos", err))
		return
	}
	all, rows := readQOS(qualities, f.settings), readAssociations(own, f.settings)
	if len(rows) == 0 && f.settings.associations {
		f.note("accounts", "", "you have no account here (sacctmgr show assoc user=%s is empty), and without one no job is accepted: ask the site", f.who.Name)
	}
	first, err := f.manage("show", "user", f.who.Name, "format=DefaultAccount")
	if err != nil {
		first = ""
	}
	f.accounts(rows, f.above(rows), strings.TrimSpace(first))
	if !f.settings.associations {
		f.Spec.Accounts = nil
		f.note("accounts", "", "this cluster accepts jobs of any account (AccountingStorageEnforce has no \"associations\"), so none are written")
	}
	f.qos(all, f.usable(all))
	f.shares()
}

// manage is the output of sacctmgr.
func (f *facts) manage(args ...string) (string, error) {
	a := f.ask("sacctmgr", append([]string{"--noheader", "--parsable2", "--readonly"}, args...)...)
	if a.err != nil || a.code != 0 {
		return "", a.failure()
	}
	return a.out, nil
}

// above are the accounts of associations, those above these, and so on.
func (f *facts) above(rows []association) (out []association) {
	asked := map[string]bool{"": true}
	next := rows
	for range deepest {
		var names []string
		for _, a := range next {
			for _, name := range []string{a.account, a.parent} {
				if !asked[name] && siteName.MatchString(name) {
					asked[name] = true
					names = append(names, name)
				}
			}
		}
		if len(names) == 0 {
			return out
		}
		text, err := f.manage("show", "assoc", "where", "account="+strings.Join(names, ","), "user=", "cluster="+f.Cluster, "format="+strings.Join(limitFields, ","))
		if err != nil {
			f.note("accounts", "", "the accounts above yours cannot be asked for (%v): their limits on all users together are unknown", err)
			return out
		}
		next = readAssociations(text, f.settings)
		out = append(out, next...)
	}
	return out
}

// usable are the QOSs that this user's jobs can have.
func (f *facts) usable(all map[string]quality) (out []string) {
	if !f.settings.qos {
		return sorted(all)
	}
	for _, a := range f.Spec.Accounts {
		out = append(out, a.QOS...)
	}
	return out
}

// shares notes each account's fair share, which decides how long jobs wait.
func (f *facts) shares() {
	fields := []string{"Account", "User", "FairShare"}
	if a := f.ask("sshare", "--noheader", "--parsable2", "--users="+f.who.Name, "--format="+strings.Join(fields, ",")); f.settings.fairShare && a.err == nil && a.code == 0 {
		for _, row := range readTable(a.out, fields) {
			if _, there := f.Spec.Accounts[row["Account"]]; there && row["User"] == f.who.Name && row["FairShare"] != "" {
				f.note("accounts", row["Account"], "its fair share was %s when this was written: jobs start the sooner the nearer it is to 1", row["FairShare"])
			}
		}
	}
}

// names reports whether a manifest takes a name.
func (f *facts) names(name string) bool { return siteName.MatchString(name) }

func (f *facts) note(field, name, format string, args ...any) {
	n := Note{field, name, fmt.Sprintf(format, args...)}
	if !slices.Contains(f.Notes, n) {
		f.Notes = append(f.Notes, n)
	}
}
