package durable

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

type counted struct {
	Name  string
	Count int
}

// TestTheLastWholeStateCounts cuts a record of two states at every byte: it is the first state, or the second, or damaged
// when not even the first is whole.
func TestTheLastWholeStateCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	first, err := EncodeVersion(counted{"a\n}\n{", 1}, 2)
	must(t, err)
	second, err := EncodeVersion(counted{"a\n}\n{", 2}, 2)
	must(t, err)
	must(t, Writer{}.Replace(path, first, nil))
	must(t, Writer{}.Extend(path, int64(len(first)), second, nil))
	whole, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(whole, append(bytes.Clone(first), second...)) {
		t.Fatalf("the file is %q", whole)
	}
	for n := range len(whole) + 1 {
		for _, tail := range []string{"", "\x00\x00"} {
			must(t, os.WriteFile(path, append(bytes.Clone(whole[:n]), tail...), 0o600))
			var got counted
			_, err := ReadVersion(path, &got, 2)
			want := 0
			switch {
			case n == len(whole):
				want = 2
			case n >= len(first), n == len(first)-1 && tail == "": // only its line end is missing
				want = 1
			}
			if got.Count != want || (want == 0) != errors.Is(err, ErrDamaged) || want > 0 && err != nil {
				t.Fatalf("cut after %d of %d bytes: %+v, %v", n, len(whole), got, err)
			}
		}
	}
	must(t, os.WriteFile(path, whole, 0o600))
	var got counted
	if err := ReadRecord(path, &got); !errors.Is(err, ErrNewer) {
		t.Errorf("an assay that reads version 1 says %v", err)
	}
	for _, bad := range []string{"x", "{}", "{\"schema\":2}\n", "\x00x"} {
		must(t, os.WriteFile(path, append(bytes.Clone(whole), bad...), 0o600))
		if _, err := ReadVersion(path, &got, 2); !errors.Is(err, ErrDamaged) {
			t.Errorf("with %q behind it: %v", bad, err)
		}
	}
}

// TestOnlyTheFileThatWasLeftIsExtended: another size, no file, or a guard that refuses, and nothing is written.
func TestOnlyTheFileThatWasLeftIsExtended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	must(t, os.WriteFile(path, []byte("{}\n"), 0o600))
	for _, size := range []int64{0, 2, 4} {
		if err := (Writer{}).Extend(path, size, []byte("x"), nil); !errors.Is(err, ErrChanged) {
			t.Errorf("as if it had %d bytes: %v", size, err)
		}
	}
	if err := (Writer{}).Extend(path+".gone", 3, []byte("x"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that does not exist: %v", err)
	}
	if err := (Writer{}).Extend(path, 3, []byte("x"), func() error { return errRefused }); !errors.Is(err, errRefused) {
		t.Errorf("refused: %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "{}\n" {
		t.Errorf("it is %q, %v", b, err)
	}
}

// TestWritersShareAnFsync: while one fsync of a folder is under way, all who come wait for one more.
func TestWritersShareAnFsync(t *testing.T) {
	const writers = 20
	var all Together
	begun, end := make(chan struct{}), make(chan struct{})
	syncs := 0 // Together makes one at a time
	do := func(string) error {
		if syncs++; syncs == 1 {
			close(begun)
			<-end
		}
		return errRefused
	}
	var wg sync.WaitGroup
	wait := func() {
		if err := all.sync("d", do); !errors.Is(err, errRefused) {
			t.Errorf("its error is %v", err)
		}
	}
	wg.Go(wait)
	<-begun
	var come sync.WaitGroup
	come.Add(writers)
	for range writers {
		wg.Go(func() { come.Done(); wait() })
	}
	come.Wait()
	for { // the last of them is about to join, or has
		all.mu.Lock()
		waits := all.next["d"] != nil
		all.mu.Unlock()
		if waits {
			break
		}
	}
	close(end)
	wg.Wait()
	if syncs < 2 || syncs > writers {
		t.Errorf("%d fsyncs for %d writers", syncs, writers+1)
	}
}

// TestAllStates cuts a file of three states at every byte: as many are read as are whole, and a file without one is damaged.
func TestAllStates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	var whole []byte
	var ends []int
	for i := range 3 {
		b, err := EncodeCompact(counted{"a\n}\n{", i + 1}, 2)
		must(t, err)
		whole = append(whole, b...)
		ends = append(ends, len(whole))
	}
	for n := range len(whole) + 1 {
		for _, tail := range []string{"", "\x00\x00"} {
			must(t, os.WriteFile(path, append(bytes.Clone(whole[:n]), tail...), 0o600))
			got, err := ReadStates[counted](path, 2)
			want := 0
			for _, end := range ends {
				if n >= end {
					want++
				}
			}
			if n == ends[0]-1 && tail == "" {
				want = 1 // only its line end is missing
			}
			if len(got) != want || (want == 0) != errors.Is(err, ErrDamaged) || want > 0 && (err != nil || got[want-1].Count != want) {
				t.Fatalf("cut after %d of %d bytes: %+v, %v", n, len(whole), got, err)
			}
		}
	}
	for _, bad := range []string{"x", "{}", "\x00x"} {
		must(t, os.WriteFile(path, append(bytes.Clone(whole), bad...), 0o600))
		if _, err := ReadStates[counted](path, 2); !errors.Is(err, ErrDamaged) && bad != "{}" {
			t.Errorf("with %q behind it: %v", bad, err)
		}
	}
	must(t, os.WriteFile(path, whole, 0o600))
	if _, err := ReadStates[counted](path, 1); !errors.Is(err, ErrNewer) {
		t.Errorf("an assay that reads version 1 says %v", err)
	}
	if _, err := EncodeCompact(struct{}{}, 2); err == nil {
		t.Error("an empty record was taken")
	}
}
