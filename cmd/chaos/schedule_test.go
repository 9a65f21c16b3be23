package main

import (
	"slices"
	"testing"
	"time"
)

// TestSchedule: a seed gives the same faults every time, a longer schedule begins as a shorter one, each kind comes before
// any comes again, and faults that would undo each other do not overlap.
func TestSchedule(t *testing.T) {
	flat := func(seed uint64, n int) []fault {
		return slices.Concat(schedule(options{seed: seed, faults: n, batch: 16}, table)...)
	}
	long := flat(7, 500)
	if len(long) != 500 {
		t.Fatalf("%d faults, want 500", len(long))
	}
	same := func(a, b fault) bool {
		return a.n == b.n && a.kind.name == b.kind.name && a.after == b.after && a.length == b.length && a.node == b.node && a.roll == b.roll
	}
	for i, f := range flat(7, 100) {
		if !same(f, long[i]) {
			t.Fatalf("fault %d of 100 is %v, of 500 %v", i, f, long[i])
		}
	}
	if slices.EqualFunc(long, flat(8, 500), same) {
		t.Error("two seeds have one schedule")
	}
	seen := map[string]bool{}
	for _, f := range long[:len(table)] {
		seen[f.kind.name] = true
	}
	if len(seen) != len(table) {
		t.Errorf("the first %d faults are of %d kinds", len(table), len(seen))
	}
	for _, batch := range schedule(options{seed: 7, faults: 500, batch: 16}, table) {
		until, now := map[string]time.Duration{}, time.Duration(0)
		for _, f := range batch {
			now += f.after
			word := f.kind.alone
			if word == "node" {
				word = f.node
			}
			if word != "" && until[word] > now {
				t.Fatalf("%v begins at %s, and another fault of %s lasts until %s", f, now, word, until[word])
			}
			until[word] = now + f.length
		}
	}
}

// TestTable: names differ, and every kind says what it does.
func TestTable(t *testing.T) {
	if len(table) < 25 {
		t.Errorf("%d kinds, want at least 25", len(table))
	}
	names := map[string]bool{}
	for _, k := range table {
		if names[k.name] || k.says == "" || k.min > k.max || k.do == nil && k.needs == nil {
			t.Errorf("kind %q is named twice, says nothing, does nothing or ends before it begins", k.name)
		}
		names[k.name] = true
	}
}
