package store

import (
	"fmt"
	"path/filepath"
	"strings"

	"assay/drivers/durable"
	"assay/drivers/procid"
)

func (s *Store) webDir() string { return filepath.Join(s.dir, "web") }

// ServesPage says that this process serves a live page at an address, until forget is called.
func (s *Store) ServesPage(url string) (forget func(), err error) {
	self := procid.Self()
	if err := s.sweepPages(); err != nil {
		return nil, err
	}
	path := filepath.Join(s.webDir(), safe(fmt.Sprintf("%s-%d", self.Host, self.PID))+".json")
	if err = s.fs.MkdirAll(s.webDir()); err == nil {
		err = s.fs.ReplaceRecord(path, procid.Address{URL: url, Owner: self}, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("noting where the live page is: %w", err)
	}
	return func() { _ = s.fs.Remove(path) }, nil // one that stays is seen to be of a process that is gone
}

// sweepPages removes what processes that are gone left behind.
func (s *Store) sweepPages() error {
	names, err := durable.Names(s.webDir())
	for _, name := range names {
		path := filepath.Join(s.webDir(), name)
		if at, err := durable.OptionalRecord[procid.Address](path); err == nil && at != nil && at.Gone() {
			_ = s.fs.Remove(path) // another one removes it, too
		}
	}
	return err
}

// Pages are the addresses of live pages whose processes are not known to be gone.
func (s *Store) Pages() (out []procid.Address, err error) {
	names, err := durable.Names(s.webDir())
	for _, name := range names {
		path := filepath.Join(s.webDir(), name)
		at, err := durable.OptionalRecord[procid.Address](path)
		if err != nil || at == nil || !strings.HasSuffix(name, ".json") || at.Gone() {
			continue
		}
		out = append(out, *at)
	}
	return out, err
}
