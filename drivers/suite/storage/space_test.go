package storage

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

// What is open is bounded by shares of what the rest leaves free.
func TestPreflight(t *testing.T) {
	dir := t.TempDir()
	s := v1alpha1.Storage{Nodes: 2, TasksPerNode: 3, TransferSize: 1 << 20}
	open, err := Preflight(t.Context(), dir, s)
	if err != nil || open.Transfers < 1 || open.Records < 1 || open.Easy < 1 || open.Hard < 1 {
		t.Fatalf("%+v %v", open, err)
	}
	s.Segments, s.Files, s.BlockSize = 7, 9, 4<<20
	given, err := Preflight(t.Context(), dir, s)
	if want := (Limits{4, 7, 9, 9}); err != nil || given != want {
		t.Errorf("%+v %v", given, err)
	}
	s.Files = 1 << 50
	if _, err := Preflight(t.Context(), dir, s); err == nil || !strings.Contains(err.Error(), "lower") {
		t.Errorf("%v", err)
	}
	if _, err := Preflight(t.Context(), dir+"/none", s); err == nil {
		t.Error("a directory that is not there")
	}
}

// The quota that leaves least counts. (The lines are those of lfs quota -q; no Lustre was at hand.)
func TestQuota(t *testing.T) {
	r := room{bytes: 1e12, inodes: 1e6}
	for _, out := range []string{" /mnt 1024 0 0 - 10 0 0 -", " /mnt 1024* 0 [2048] 6d [10] 0 100 -", "/mnt 1 0 900000 - 1 0 99 -"} {
		if err := r.lower(out); err != nil {
			t.Fatal(err)
		}
	}
	if r.bytes != 1<<20 || r.inodes != 90 {
		t.Errorf("%+v", r)
	}
	for _, bad := range []string{"", "/mnt 1 2", "/mnt a b c d e f g h"} {
		if r.lower(bad) == nil {
			t.Errorf("%q was read as a quota", bad)
		}
	}
}

// The user's, the group's and the project's quota all count; a kind that is not accounted for does not. (lfs is a stand-in.)
func TestQuotaKinds(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	put := func(script string) {
		if err := os.WriteFile(filepath.Join(bin, "lfs"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		script string
		want   room
		bad    bool
	}{
		"none":    {"exit 1", room{1e12, 1e6}, false},
		"user":    {`[ "$1$3" = quota-u ] && echo "/mnt 0 0 1024 - 0 0 0 -"`, room{1 << 20, 1e6}, false},
		"project": {"case $1$3 in project*) echo '1001 P /d';; quota-p) [ $4 = 1001 ] && echo '/mnt 0 0 0 - 5 0 15 -';; *) exit 1; esac", room{1e12, 10}, false},
		"broken":  {`[ $1 = quota ] && echo "/mnt 0"`, room{}, true},
	} {
		put(test.script)
		r := room{1e12, 1e6}
		if err := quota(t.Context(), "/d", &r); (err != nil) != test.bad || err == nil && r != test.want {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
}

// A mean of phases is geometric, and only there when all of them are.
func TestMetrics(t *testing.T) {
	var all []Value
	for i, p := range Phases {
		v := 2.0
		if i%2 == 0 {
			v = 8
		}
		all = append(all, Value{Name: p.Name, Value: v, Seconds: 1})
	}
	m := Metrics(all)
	for _, name := range []string{"score_bandwidth_gibs", "score_iops_kiops", "score_total"} { // half of each kind are 2, half 8
		if math.Abs(m[name]-4) > 1e-9 {
			t.Errorf("%s is %v, want 4", name, m[name])
		}
	}
	all[3].Value = 0
	if _, there := Metrics(all)["score_total"]; there {
		t.Error("a score without one phase")
	}
}
