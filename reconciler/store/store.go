package store

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"assay/drivers/durable"
	"assay/drivers/safefile"
	"assay/reconciler/plan"
)

// readers is how many files are read at once: a shared file system takes its time for each.
const readers = 32

// SentFiles is the folder of the state directory with files that travelled from where a verb was typed: HASH/NAME.
const SentFiles = "files"

// Options are for tests: Hook is called before and after every system call that changes a file, the error of Fault is that
// of a call that is then not made, NoSync leaves fsync out.
type Options struct {
	Hook   func(call string)
	Fault  func(call string) error
	NoSync bool
}

// Store is an open state directory. It is safe for concurrent use. What it returns can be shared: change copies only.
type Store struct {
	dir    string
	id     string
	inodes inodes // when it was opened
	fs     durable.Writer
	syncs  durable.Together // of the folder of attempts

	mu      sync.Mutex
	jobDirs map[seatNonce]string
	recent  map[string]recent       // by experiment
	ended   map[string]plan.Attempt // by nonce: ended attempts, which no longer change
	hider   hider                   // hide.go
}

// idFile holds the store's id. It is made once, so that its inode number tells the directory from a copy.
const idFile = "id"

// folders are what a state directory holds.
var folders = []string{"lease", "revisions", "intents", "jobs", "runs", "active", "finished", "status", "requests", "targets", "addresses", "bin", "archive"}

// Open opens dir and makes what is missing in it. A directory that takes no writes can be read.
func Open(dir string, o Options) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the state directory %s: %w", dir, err)
	}
	if err := private(abs); err != nil { // before anything is made in it
		return nil, err
	}
	s := &Store{dir: abs, fs: durable.Writer{Hook: o.Hook, Fault: o.Fault, NoSync: o.NoSync}, ended: map[string]plan.Attempt{}, recent: map[string]recent{}, jobDirs: map[seatNonce]string{}}
	for _, sub := range folders {
		if err := s.fs.MkdirAll(filepath.Join(abs, sub)); err != nil && !s.readable(err) {
			return nil, fmt.Errorf("opening the state directory %s: %w; choose another with --state", dir, err)
		}
	}
	if err := private(abs); err != nil {
		return nil, err
	}
	if err := s.identify(); err != nil {
		return s, err
	}
	s.inodes, err = inodesOf(abs)
	return s, err
}

// private refuses a state directory in which other users can write, or whose place another one could be given: jobs run what
// is in it, as this user.
func private(dir string) error {
	err := safefile.Private(dir)
	if err == nil {
		err = privateFolders(dir)
	}
	if err != nil {
		return fmt.Errorf("using the state directory %s: %w; or choose another with --state", dir, err)
	}
	return nil
}

// privateFolders looks at the folders in a state directory: others can have made them while it was open to them.
func privateFolders(dir string) error {
	f, err := safefile.OpenAny(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	for _, name := range append([]string{"secrets"}, folders...) {
		if err := f.Private(name); err != nil {
			return err
		}
	}
	return nil
}

// readable reports whether the state directory exists, and err only says that it takes no writes now.
func (s *Store) readable(err error) bool {
	_, missing := os.Stat(filepath.Join(s.dir, idFile))
	return missing == nil && durable.Trouble(s.dir, err) != ""
}

// identify reads the store's id, and makes one the first time.
func (s *Store) identify() error {
	path := filepath.Join(s.dir, idFile)
	err := durable.ReadRecord(path, &s.id)
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.fs.Create(path, fmt.Appendf(nil, "%q\n", random(6)), nil); err == nil || errors.Is(err, fs.ErrExist) {
			err = durable.ReadRecord(path, &s.id)
		}
	}
	if err == nil && s.id == "" {
		err = durable.Damaged(path, errors.New("it is empty"))
	}
	if errors.Is(err, durable.ErrDamaged) {
		err = s.tornID(path, err)
	}
	if err != nil {
		return fmt.Errorf("reading which jobs belong to this state directory: %w", err)
	}
	return nil
}

// ID is the store's identity, the ownership mark of its jobs.
func (s *Store) ID() string { return s.id }

// Dir is the state directory, absolute.
func (s *Store) Dir() string { return s.dir }

// random is n bytes in hex.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
