package suite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"assay/drivers"
)

// TestLost: what a run lost is told from what its suite judged, as data, in the result and in the exit code (C24). Before,
// a full disk and a target that was gone were failures like any other.
func TestLost(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	_, full1 := full.WriteString("x")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close() // nobody listens there any more
	_, refused := http.Get("http://" + l.Addr().String())
	for name, c := range map[string]struct {
		err  error
		want string
		code int
	}{
		"full disk":            {full1, drivers.LostDisk, drivers.ExitLost},
		"quota":                {&os.PathError{Err: syscall.EDQUOT}, drivers.LostDisk, drivers.ExitLost},
		"read-only":            {&os.PathError{Err: syscall.EROFS}, drivers.LostWrites, drivers.ExitLost + 1},
		"stale handle":         {fmt.Errorf("phase: %w", &os.PathError{Err: syscall.ESTALE}), drivers.LostFileSystem, drivers.ExitLost + 2},
		"nobody listens":       {refused, drivers.LostTarget, 1},
		"counted as refused":   {fmt.Errorf("asking: %w", Failed(refused)), drivers.LostTarget, 1},
		"an answer":            {FailedStatus(503, nil), "", 1},
		"wrong answer":         {errors.New("the server ignores the constraint"), "", 1},
		"a file that is short": {fmt.Errorf("reading the data set: %w", os.ErrNotExist), "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := runDir(t, serving())
			err := Run(t.Context(), dir, "v9", Suites{Serving: suiteFunc(func(context.Context, string, func(string)) (drivers.SuiteResult, error) {
				return drivers.SuiteResult{}, c.err
			})})
			if got := drivers.ExitCode(err); got != c.code {
				t.Errorf("exit code %d, want %d: %v", got, c.code, err)
			}
			var res drivers.SuiteResult
			b, err := os.ReadFile(filepath.Join(dir, drivers.ResultFile))
			if err == nil {
				err = json.Unmarshal(b, &res)
			}
			if err != nil || res.Error == "" || res.Lost != c.want {
				t.Errorf("lost %q, want %q: %+v, %v", res.Lost, c.want, res, err)
			}
		})
	}
}

// TestLostFolder: where the run's folder was, there is nothing or an empty one, since its file system is not mounted. The
// result cannot be written, and the exit code alone says why.
func TestLostFolder(t *testing.T) {
	dir := runDir(t, serving())
	err := Run(t.Context(), dir, "v9", Suites{Serving: suiteFunc(func(context.Context, string, func(string)) (drivers.SuiteResult, error) {
		return drivers.SuiteResult{Valid: true}, os.Rename(dir, dir+".away")
	})})
	if drivers.LostBy(err) != drivers.LostFileSystem || drivers.ExitCode(err) != drivers.ExitLost+2 {
		t.Errorf("exit code %d: %v", drivers.ExitCode(err), err)
	}
}

// TestUnanswered: a server that answers anything is judged; one that answers nothing is lost.
func TestUnanswered(t *testing.T) {
	for name, c := range map[string]struct {
		succeeded int
		kinds     []string
		lost      bool
	}{
		"nothing was sent":            {0, nil, false},
		"refused for everything":      {0, []string{"connect", "connect"}, true},
		"hangs":                       {0, []string{"timeout", "connection_lost"}, true},
		"overloaded":                  {0, []string{"http_503", "connect"}, false},
		"refused, and some succeeded": {1, []string{"connect"}, false},
		"stopped":                     {0, []string{"interrupted"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var tally Tally
			for _, k := range c.kinds {
				tally.Add(&Failure{Kind: k})
			}
			if err := tally.Unanswered(c.succeeded, []string{"http://h:1"}); (err != nil) != c.lost || c.lost && lostBy(err) != drivers.LostTarget {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestFinal: a fault that the same request meets again is not tried again.
func TestFinal(t *testing.T) {
	for reason, want := range map[string]bool{ReasonNoUsage: true, ReasonCorrupt: true, ReasonErrorRate: false, ReasonClientLate: false} {
		dir := runDir(t, serving())
		if err := Run(t.Context(), dir, "v9", Suites{Serving: suiteFunc(func(context.Context, string, func(string)) (drivers.SuiteResult, error) {
			return drivers.SuiteResult{Reasons: []drivers.Reason{{Reason: reason}}}, nil
		})}); err != nil {
			t.Fatal(err)
		}
		var res drivers.SuiteResult
		b, err := os.ReadFile(filepath.Join(dir, drivers.ResultFile))
		if err == nil {
			err = json.Unmarshal(b, &res)
		}
		if err != nil || res.Final != want {
			t.Errorf("%s: final %v, %v", reason, res.Final, err)
		}
	}
}
