package store

import (
	"path/filepath"
	"testing"

	"assay/drivers/durable"
	"assay/drivers/procid"
)

// TestPages: a live page is known while its process serves it; one of a process that is gone is not shown, and the next one sweeps it.
func TestPages(t *testing.T) {
	s := open(t, t.TempDir())
	gone := procid.Self()
	gone.PID, gone.Start = 1<<30, "1" // no process has this one
	left := filepath.Join(s.webDir(), "left.json")
	if err := s.fs.MkdirAll(s.webDir()); err != nil {
		t.Fatal(err)
	}
	if err := (durable.Writer{}).ReplaceRecord(left, procid.Address{URL: "http://127.0.0.1:1", Owner: gone}, nil); err != nil {
		t.Fatal(err)
	}
	if all, err := s.Pages(); err != nil || len(all) != 0 {
		t.Errorf("of a process that is gone: %+v %v", all, err)
	}
	forget, err := s.ServesPage("http://127.0.0.1:2")
	if err != nil {
		t.Fatal(err)
	}
	if all, err := s.Pages(); err != nil || len(all) != 1 || all[0].URL != "http://127.0.0.1:2" {
		t.Errorf("%+v %v", all, err)
	}
	if names, err := durable.Names(s.webDir()); err != nil || len(names) != 1 {
		t.Errorf("what the other one left behind stays: %v %v", names, err)
	}
	forget()
	if all, err := s.Pages(); err != nil || len(all) != 0 {
		t.Errorf("it is closed: %+v %v", all, err)
	}
}
