package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"assay/drivers/durable"
	"assay/drivers/procid"
)

// Holder is the process that holds, or held, the lease.
type Holder struct {
	procid.ID
	User      string `json:"user"`
	What      string `json:"what"` // apply, watch, sync, controller …
	Epoch     int64  `json:"epoch"`
	Heartbeat uint64 `json:"beat"` // a counter that rises while the holder lives; clocks of other machines are not trusted
	Released  bool   `json:"released,omitempty"`
	Dir       uint64 `json:"directory,omitempty"` // inode number of the state directory: in a copy of it nothing is held
	Torn      string `json:"-"`                   // why its record cannot be read: only the epoch is known
}

// UnmarshalJSON also reads the leases of an older assay, which had boot and pid namespace in one field.
func (h *Holder) UnmarshalJSON(b []byte) error {
	type plain Holder
	record := struct {
		*plain
		Place string `json:"machine"`
	}{plain: (*plain)(h)}
	if err := json.Unmarshal(b, &record); err != nil {
		return err
	}
	if boot, namespace, ok := strings.Cut(record.Place, " "); ok && h.Boot == "" {
		h.Boot, h.Namespace = boot, namespace
	}
	return nil
}

// HeldError means that a living process holds the lease, or one that cannot be seen from here and may live.
type HeldError struct{ Holder Holder }

func (e *HeldError) Error() string {
	h := e.Holder
	if h.Torn != "" {
		return fmt.Sprintf("who holds the lease of this state directory cannot be told, and it may live: %s; try again in a minute", h.Torn)
	}
	return fmt.Sprintf("assay %s (pid %d of %s on %s) holds the lease of this state directory; wait for it, or stop it there with: kill %d", h.What, h.PID, h.User, h.Host, h.PID)
}

// Holder returns the newest holder of the lease, and whether it still holds it: it has neither released the lease nor is
// its process known to be gone.
func (s *Store) Holder() (h Holder, holds bool, err error) {
	h, err = s.newest()
	return h, err == nil && h.Epoch > 0 && !h.Released && h.State() != procid.Gone, err
}

func self(what string, epoch int64) Holder {
	name := strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return Holder{ID: procid.Self(), User: name, What: what, Epoch: epoch}
}

func (s *Store) leasePath(epoch int64) string {
	return filepath.Join(s.dir, "lease", fmt.Sprintf("%012d.json", epoch))
}

// epochs lists the epochs on record, in order.
func (s *Store) epochs() ([]int64, error) {
	files, err := durable.Names(filepath.Join(s.dir, "lease"))
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, n := range files {
		base, ok := strings.CutSuffix(n, ".json")
		if e, err := strconv.ParseInt(base, 10, 64); ok && err == nil {
			out = append(out, e)
		}
	}
	slices.Sort(out)
	return out, nil
}

// newest reads the highest epoch's file; a zero Holder when there is none.
func (s *Store) newest() (h Holder, err error) {
	for range 5 {
		var epochs []int64
		if epochs, err = s.epochs(); err != nil || len(epochs) == 0 {
			return h, err
		}
		last := epochs[len(epochs)-1]
		if err = durable.ReadRecord(s.leasePath(last), &h); errors.Is(err, durable.ErrDamaged) {
			return Holder{Epoch: last, Torn: err.Error()}, nil // a holder that lives writes it anew
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		} // else so many newer ones were made since the listing that it is gone
	}
	h.Released = h.Released || h.Dir != 0 && h.Dir != s.inodes.Dir // this is a copy, and h holds the original
	return h, err
}
