package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"assay/drivers"
	"assay/drivers/durable"
)

// identityFile holds what a state directory is: law 10.
const identityFile = "identity.json"

// Format is the version of the state directory as a whole, and the newest that this assay uses. It is the version of
// identity.json, which every verb reads first, so raising it refuses every older assay by name. It is raised when an older one
// could misread the directory, or damage it; what agents exchange with controllers has a version of its own, because they go
// on through an upgrade.
//
//	1  the first
//	2  a damaged record concerns its own experiment; older assays stop at it, and replace what it describes
const Format = 2

// identity is identity.json.
type identity struct {
	Store string `json:"store"` // as in the file id
	drivers.Place
	Dir    string `json:"directory"` // absolute, where it was first used
	Inodes inodes `json:"inodes"`
}

// inodes tell a directory from its copies: the inode numbers of the directory and of its file id. Every way of copying
// files makes new ones. A rename keeps them, and all hosts that mount a shared file system see the same ones, while device
// numbers differ from host to host and a path can. Two numbers are compared because one alone is easily the same by
// chance: that of the root of a volume is a constant. A file system that makes inode numbers up at each mount cannot hold
// a state directory.
type inodes struct {
	Dir uint64 `json:"directory"`
	ID  uint64 `json:"id"`
}

// PlaceError means that a state directory belongs to another place than where it is used, or is a copy of another one.
type PlaceError struct {
	Dir     string
	Why     string // it belongs to …, it is a copy of …
	Copy    bool
	Renewed bool // an adoption was cut short
	Torn    bool // its record of where it belongs is damaged
}

func (e *PlaceError) Error() string {
	next := "name its site with --site, choose another directory with --state, or see what it takes to use this one here: assay adopt --state " + e.Dir
	if e.Copy || e.Renewed {
		next = "see what it takes to make it one of its own: assay adopt --state " + e.Dir
	}
	if e.Torn {
		next = "restore the file from a backup or, if this directory is the original, type: assay adopt --keep-jobs --state " + e.Dir
	}
	return fmt.Sprintf("using the state directory %s: %s; %s", e.Dir, e.Why, next)
}

// Verify returns a *PlaceError when the state directory belongs to another place than here, or is a copy. It has no effects.
func (s *Store) Verify(here drivers.Place) error {
	known, _, err := s.known()
	if err != nil {
		return err
	}
	return s.judge(known, here)
}

// Claim is Verify for those who act: the first time it records that the state directory belongs to here, and what was not
// known of the cluster then it adds later. A directory of an assay that kept no identity is taken as it is unless its
// revisions contradict.
func (s *Store) Claim(here drivers.Place) error {
	for {
		known, version, err := s.known()
		if err != nil {
			return err
		}
		if err := s.judge(known, here); err != nil {
			return err
		}
		switch {
		case version == none:
			mine, err := s.describe(here)
			if err == nil {
				err = s.writeIdentity(mine, s.fs.Create, nil)
			}
			if errors.Is(err, fs.ErrExist) {
				continue // another process was faster: compare with what it wrote
			}
			return recording(err)
		case known[0].Cluster == "" && here.Cluster != "" || version < Format:
			known[0].Cluster = cmp.Or(known[0].Cluster, here.Cluster)
			return recording(s.writeIdentity(known[0], s.fs.Replace, nil))
		}
		return nil
	}
}

// Format is the version of this state directory; 0: it was made before versions were kept, or nothing has acted in it yet.
func (s *Store) Format() (int, error) {
	version, err := durable.ReadVersion(filepath.Join(s.dir, identityFile), new(identity), Format)
	if errors.Is(err, durable.ErrNewer) || errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return max(0, version), err
}

func recording(err error) error {
	if err != nil {
		return fmt.Errorf("recording which site the state directory belongs to: %w", err)
	}
	return nil
}

// writeIdentity gives identity.json its content, in the newest format.
func (s *Store) writeIdentity(v identity, write func(string, []byte, durable.Guard) error, may durable.Guard) error {
	b, err := durable.EncodeVersion(v, Format)
	if err != nil {
		return err
	}
	return write(filepath.Join(s.dir, identityFile), b, may)
}

// none is the version of an identity.json that is not there.
const none = -1

// known returns what is recorded in identity.json, and its version. Without one it is what the revisions tell, with no inodes:
// the first build kept no identity.
func (s *Store) known() (all []identity, version int, err error) {
	var one identity
	path := filepath.Join(s.dir, identityFile)
	version, err = durable.ReadVersion(path, &one, Format)
	switch {
	case err == nil:
		return []identity{one}, version, nil
	case errors.Is(err, durable.ErrNewer):
		return nil, version, fmt.Errorf("using the state directory %s: it is of format %d, which a newer assay made, and this assay knows formats up to %d; use that assay (%w)",
			s.dir, version, Format, durable.ErrNewer)
	case errors.Is(err, durable.ErrDamaged):
		return nil, version, &PlaceError{Dir: s.dir, Torn: true, Why: fmt.Sprintf("where it belongs cannot be told, because %s is damaged", path)}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, version, err
	}
	heads, err := s.Heads()
	_, err = Tolerate(err)
	for _, h := range heads {
		place := drivers.Place{Site: h.Site.Metadata.Name, Scheduler: h.Site.Spec.Scheduler}
		all = append(all, identity{Store: s.id, Place: place, Dir: h.Site.Spec.Paths.State})
	}
	return all, none, err
}

// describe is the identity of this directory here and now.
func (s *Store) describe(here drivers.Place) (identity, error) {
	now, err := inodesOf(s.dir)
	return identity{Store: s.id, Place: here, Dir: s.dir, Inodes: now}, err
}

// judge compares what is known with what is here: the first contradiction counts. That of a copy comes first, because it
// decides whose the jobs are.
func (s *Store) judge(known []identity, here drivers.Place) error {
	now, err := inodesOf(s.dir)
	if err != nil {
		return err
	}
	for _, k := range known {
		wrong := &PlaceError{Dir: s.dir}
		recorded := k.Inodes != inodes{}
		if !recorded {
			k.UID = here.UID
		}
		switch {
		case k.Store != s.id:
			wrong.Renewed, wrong.Why = true, "an adoption was cut short"
		case recorded && k.Inodes != now:
			wrong.Copy, wrong.Why = true, fmt.Sprintf("it is a copy of the one that was made at %s, and would take that one's jobs for its own", k.Dir)
		case s.elsewhere(k.Dir):
			wrong.Copy, wrong.Why = true, fmt.Sprintf("it has the same id as %s, and would take that one's jobs for its own", k.Dir)
		default:
			wrong.Why = k.Contradicts(here)
		}
		if wrong.Why != "" {
			return wrong
		}
	}
	return nil
}

// elsewhere reports whether dir is another directory than this one and has its id: a copy that kept every inode number, as
// a clone of a whole volume does.
func (s *Store) elsewhere(dir string) bool {
	if dir == "" || dir == s.dir {
		return false
	}
	a, errA := os.Stat(s.dir)
	b, errB := os.Stat(dir)
	if errA != nil || errB != nil || os.SameFile(a, b) {
		return false
	}
	return idOf(dir) == s.id
}

// idOf is the id of the store in a directory; empty when there is none that can be read.
func idOf(dir string) (id string) {
	if durable.ReadRecord(filepath.Join(dir, idFile), &id) != nil {
		return ""
	}
	return id
}

// same is an error when another directory is at this path than the one that was opened: a file system was mounted over it, or
// taken off it, since. What was read until then is of that one, its id too, by which jobs are known.
func (s *Store) same() error {
	now, err := inodesOf(s.dir)
	if err == nil && now != s.inodes {
		err = fmt.Errorf("%s is another directory than a moment ago: it was mounted, unmounted or replaced meanwhile; type the command again", s.dir)
	}
	return err
}

// replaced reports whether the directory of another store is at this path: not just none, as when it is not mounted for a while.
func (s *Store) replaced() bool {
	id := idOf(s.dir)
	return id != "" && id != s.id
}

// replacedError is the end of a lease on what is not there any more. Who began in the folder below a mount point would wait for
// it for ever.
type replacedError struct{ dir string }

func (e replacedError) Error() string {
	return fmt.Sprintf("%s is the state directory of another store now: a file system was mounted there, or it was replaced, since this process began; start it again", e.dir)
}

func (replacedError) Is(target error) bool { return target == ErrLeaseLost }

func inodesOf(dir string) (inodes, error) {
	var out [2]uint64
	for i, path := range []string{dir, filepath.Join(dir, idFile)} {
		info, err := os.Stat(path)
		if err != nil {
			return inodes{}, fmt.Errorf("identifying the state directory: %w", err)
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			out[i] = st.Ino
		}
	}
	return inodes{out[0], out[1]}, nil
}
