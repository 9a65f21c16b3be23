package reconciler

import (
	"errors"
	"slices"
	"strings"

	"assay/api/v1alpha1"
)

// gateways is the kind of the services that have an address file.
const gateways = "gateway"

// sendAddresses writes where each gateway answers, whenever that changed. Of one that nobody can speak for now the file stays:
// its clients find out by themselves.
func (l *Loop) sendAddresses(statuses []v1alpha1.ExperimentStatus) error {
	if l.addresses == nil {
		there, err := l.Store.Addressed()
		if err != nil {
			return err
		}
		l.addresses = map[[2]string]string{}
		for _, name := range there {
			l.addresses[name] = unread
		}
	}
	declared, stuck, err := map[[2]string]bool{}, map[string]bool{}, error(nil)
	for _, e := range statuses {
		stuck[e.Name] = len(e.Services) == 0 // of a revision that does not compile: its jobs stay as they are
		for _, s := range e.Services {
			if s.Kind != gateways {
				continue
			}
			name := [2]string{e.Name, s.Name}
			declared[name] = true
			if v1alpha1.Find(s.Conditions, v1alpha1.Ready).Status != v1alpha1.Unknown {
				err = errors.Join(err, l.sendAddress(name, readyURLs(s)))
			}
		}
	}
	for name := range l.addresses {
		if !declared[name] && !stuck[name[0]] {
			err = errors.Join(err, l.sendAddress(name, nil))
			delete(l.addresses, name)
		}
	}
	return err
}

// unread stands for an address file that an earlier process wrote.
const unread = "?"

func readyURLs(s v1alpha1.ServiceStatus) (urls []string) {
	for _, seat := range s.Seats {
		if seat.Ready && seat.Endpoint != "" {
			urls = append(urls, seat.Endpoint)
		}
	}
	slices.Sort(urls)
	return urls
}

func (l *Loop) sendAddress(name [2]string, urls []string) error {
	now := strings.Join(urls, "\n")
	if l.addresses[name] == now {
		return nil
	}
	if err := l.Lease.PutAddresses(name[0], name[1], urls); err != nil {
		return err
	}
	l.addresses[name] = now
	return nil
}
