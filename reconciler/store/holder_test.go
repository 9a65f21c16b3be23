package store

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"assay/drivers/procid"
)

// TestHoldersOfOtherPlaces: a holder on this host before its last start is gone; one in another pid namespace is unknown.
func TestHoldersOfOtherPlaces(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Holder)
		holds  bool
	}{
		"before the host restarted":            {func(h *Holder) { h.Boot = "before" }, false},
		"in another pid namespace":             {func(h *Holder) { h.Namespace = "pid:[1]" }, true},
		"in another pid namespace, gone there": {func(h *Holder) { h.Namespace, h.Start = "pid:[1]", "1" }, true},
		"on another host":                      {elsewhere, true},
	} {
		s := open(t, t.TempDir())
		acquire(t, s)
		rewrite(t, s, test.change)
		if _, holds, err := s.Holder(); err != nil || holds != test.holds {
			t.Errorf("%s: holds %v, %v", name, holds, err)
		}
		_, err := s.Acquire(t.Context(), "second", 0)
		var held *HeldError
		if errors.As(err, &held) != test.holds || !test.holds && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOlderLease reads what an assay wrote that kept boot and pid namespace in one field.
func TestOlderLease(t *testing.T) {
	for name, test := range map[string]struct {
		start string // of the process, as recorded
		boot  string
		holds bool
	}{
		"alive":          {procid.Self().Start, procid.Self().Boot, true},
		"gone":           {"1", procid.Self().Boot, false},
		"before a start": {"1", "before", true}, // of which host it was is unknown
	} {
		s := open(t, t.TempDir())
		me := procid.Self()
		older := fmt.Sprintf(`{"host": "h", "machine": "%s %s", "pid": %d, "start": %q, "user": "u", "what": "watch", "epoch": 1, "beat": 7}`,
			test.boot, me.Namespace, me.PID, test.start)
		check(t, os.WriteFile(s.leasePath(1), []byte(older), 0o600))
		h, holds, err := s.Holder()
		if err != nil || holds != test.holds || h.What != "watch" || h.User != "u" || h.Host != "h" || h.PID != me.PID || h.Heartbeat != 7 || h.Epoch != 1 {
			t.Errorf("%s: holder %+v (%s), holds %v, %v", name, h.ID, h.What, holds, err)
		}
	}
}
