package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"assay/drivers/durable"
)

func (s *Store) addressFolder() string { return filepath.Join(s.dir, "addresses") }

// AddressFile is where the present addresses of a gateway stand, whichever job serves it: a line each, http://host:port. There
// is no file while none of its servers is Ready.
func (s *Store) AddressFile(experiment, service string) string {
	return filepath.Join(s.addressFolder(), safe(experiment)+"."+safe(service))
}

// PutAddresses replaces the address file of a gateway, or removes it when there are no addresses.
func (l *Lease) PutAddresses(experiment, service string, urls []string) error {
	path := l.s.AddressFile(experiment, service)
	var err error
	if len(urls) > 0 {
		err = l.s.fs.Replace(path, []byte(strings.Join(urls, "\n")+"\n"), l.Check)
	} else if err = l.Check(); err == nil {
		if err = l.s.fs.Remove(path); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return fmt.Errorf("writing the address of %s/%s: %w", experiment, service, err)
	}
	return nil
}

// Addressed are the gateways that have an address file, as experiment and service.
func (s *Store) Addressed() (out [][2]string, err error) {
	names, err := durable.Names(s.addressFolder())
	for _, name := range names {
		if experiment, service, ok := strings.Cut(name, "."); ok {
			out = append(out, [2]string{named(experiment), named(service)})
		}
	}
	return out, err
}
