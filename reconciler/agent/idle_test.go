package agent

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

// watched counts what happens to the files of folders, as the kernel tells it.
type watched struct {
	t   *testing.T
	fd  int
	all map[int32]string
}

func watch(t *testing.T, folders ...string) *watched {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	w := &watched{t, fd, map[int32]string{}}
	for _, dir := range folders {
		id, err := syscall.InotifyAddWatch(fd, dir, syscall.IN_OPEN|syscall.IN_CREATE|syscall.IN_DELETE|syscall.IN_MOVED_TO|syscall.IN_ATTRIB)
		if err != nil {
			t.Fatal(err)
		}
		w.all[int32(id)] = dir
	}
	return w
}

// count is what happened since the last count, one line each.
func (w *watched) count() (out []string) {
	buf := make([]byte, 1<<20)
	for {
		n, err := syscall.Read(w.fd, buf)
		if err == syscall.EAGAIN || n <= 0 {
			return out
		}
		for b := buf[:n]; len(b) >= syscall.SizeofInotifyEvent; {
			id, mask, size := int32(binary.NativeEndian.Uint32(b)), binary.NativeEndian.Uint32(b[4:]), binary.NativeEndian.Uint32(b[12:])
			name := strings.TrimRight(string(b[syscall.SizeofInotifyEvent:syscall.SizeofInotifyEvent+size]), "\x00")
			out = append(out, fmt.Sprintf("%s/%s %x", w.all[id], name, mask))
			b = b[syscall.SizeofInotifyEvent+size:]
		}
	}
}

// idle is an agent with a Ready server that has files and a key, on a clock of its own.
func idle(t *testing.T, nodes int) (a *agent, now *time.Time) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	secret := filepath.Join(dir, "key")
	if err := errorsOf(os.MkdirAll(filepath.Join(dir, drivers.LogDir), 0o700), os.WriteFile(secret, []byte("k"), 0o600)); err != nil {
		t.Fatal(err)
	}
	p := drivers.Process{Name: "s", Fingerprint: "1", Argv: []string{self, "act", "sleep"}, Secrets: map[string]string{"KEY": secret}, Token: "KEY",
		Files: []drivers.File{{Path: "a.yml", Content: "$(PORT:x)"}, {Path: "b.yml", Content: "b"}}, Reload: "/-/reload", Grace: 1}
	if err := disk.ReplaceRecord(filepath.Join(dir, drivers.DesiredFile), drivers.AgentDesired{Generation: 1, Nonce: "n", Processes: []drivers.Process{p}}, nil); err != nil {
		t.Fatal(err)
	}
	a = newAgent(dir, Options{Binary: self, JobID: "42", Node: "n1", Nodes: 1, Listen: "127.0.0.1", Advertise: "127.0.0.1"})
	if err := a.claim(); err != nil {
		t.Fatal(err)
	}
	a.guard = &guard{groups: map[int]order{}} // one that is not started
	a.nodes = startNodes(t.Context(), dir, a.o)
	a.nodes.count = nodes
	if err := os.MkdirAll(filepath.Join(dir, nodesDir), 0o700); err != nil {
		t.Fatal(err)
	}
	for n := range nodes {
		name := fmt.Sprintf("n%d", n+1)
		if err := disk.ReplaceRecord(filepath.Join(dir, nodesDir, name+".json"), drivers.NodeState{Name: name, Metrics: "http://x"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	now = &start
	t.Cleanup(func() {
		for _, p := range a.procs {
			p.main.signal(syscall.SIGKILL)
		}
		a.nodes.stop()
		a.relays.close()
		_ = a.beat.Close()
	})
	for n := 0; len(a.procs) == 0 || a.procs[0].phase != drivers.PhaseReady; n++ {
		if n > 500 {
			t.Fatalf("it is not Ready: %+v", a.procs)
		}
		*now = now.Add(tick)
		if err := a.turn(*now); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond) // its probe is asked in real time
	}
	for range 20 { // what follows the start
		*now = now.Add(tick)
		if err := a.turn(*now); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return a, now
}

// turn is one turn of the loop.
func (a *agent) turn(now time.Time) error {
	a.look(now)
	a.converge(now)
	return a.report(now, false)
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestAnIdleAgentLeavesTheMetadataAlone: ten minutes of an agent for which nothing changes make at most one metadata
// operation a second: open, stat, create, rename, remove, fsync. The beat of each second is data alone.
func TestAnIdleAgentLeavesTheMetadataAlone(t *testing.T) {
	for _, nodes := range []int{1, 50} {
		t.Run(fmt.Sprintf("%d nodes", nodes), func(t *testing.T) {
			a, now := idle(t, nodes)
			stats, synced := 0, 0
			stat := func(path string) (fs.FileInfo, error) { stats++; return os.Stat(path) }
			a.told.Stat, a.nodes.stat = stat, stat
			was := disk
			disk.Hook = func(call string) {
				if call == "before fsync" {
					synced++
				}
			}
			defer func() { disk = was }()
			w := watch(t, a.dir, filepath.Join(a.dir, nodesDir), filepath.Join(a.dir, confDir, "s"), filepath.Join(a.dir, drivers.LogDir))
			const seconds = 600
			beats, happened := map[uint64]bool{}, []string(nil)
			for range seconds * int(time.Second/tick) {
				*now = now.Add(tick)
				if err := a.turn(*now); err != nil {
					t.Fatal(err)
				}
				beats[a.state.Heartbeat] = true
				happened = append(happened, w.count()...) // each turn: the kernel folds repeats that nobody has read
			}
			mended := seconds/int(mendEvery/time.Second) + 1
			total := len(happened) + stats + synced + 2*mended // the beat file is looked at when it is mended
			t.Logf("%d metadata operations in %d s: %d opens, creates, renames and removals, %d stats, %d fsyncs", total, seconds, len(happened), stats, synced)
			if total > seconds {
				t.Errorf("%d metadata operations in %d s\n%s", total, seconds, strings.Join(happened[:min(40, len(happened))], "\n"))
			}
			if len(beats) != seconds && len(beats) != seconds+1 {
				t.Errorf("%d beats in %d s", len(beats), seconds)
			}
			pulse, err := durable.ReadBeat(a.beat.Path)
			var s drivers.AgentState
			if err == nil {
				err = durable.ReadRecord(filepath.Join(a.dir, drivers.StateFile), &s)
			}
			if err != nil || pulse.Count != a.state.Heartbeat || pulse.Of != s.Written {
				t.Fatalf("the beat file has %+v, state.json is number %d: %v", pulse, s.Written, err)
			}
			if got, want := s.At(pulse.Count, pulse.Of).Processes[0].PhaseFor.Std(), now.Sub(a.procs[0].since); (got - want).Abs() > time.Second {
				t.Errorf("it is Ready for %s, and a reader finds %s", want, got)
			}
		})
	}
}

// TestAStopIsSeenWithinTwoSeconds: of the agent's own clock, whatever else it leaves alone.
func TestAStopIsSeenWithinTwoSeconds(t *testing.T) {
	a, now := idle(t, 1)
	if err := disk.ReplaceRecord(a.told.Path, drivers.AgentDesired{Generation: 2, Nonce: "n"}, nil); err != nil {
		t.Fatal(err)
	}
	told := *now
	for a.desired.Generation != 2 {
		if *now = now.Add(tick); now.Sub(told) > 2*time.Second {
			t.Fatal("it is not seen after 2 s")
		}
		if err := a.turn(*now); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAStateThatIsNotWrittenIsNotVouchedFor: with a full disk the beat could still be written in its place; then what
// state.json said before would be believed.
func TestAStateThatIsNotWrittenIsNotVouchedFor(t *testing.T) {
	a, now := idle(t, 1)
	before, err := durable.ReadBeat(a.beat.Path)
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(a.dir, drivers.StateFile)
	if err := errorsOf(os.Remove(state), os.Mkdir(state, 0o700)); err != nil { // which no file can replace
		t.Fatal(err)
	}
	a.procs[0].note = "a change"
	for range 20 {
		*now = now.Add(tick)
		_ = a.turn(*now) // it cannot be written
	}
	if after, err := durable.ReadBeat(a.beat.Path); err != nil || after != before {
		t.Errorf("the beat went from %+v to %+v although state.json could not be written: %v", before, after, err)
	}
	if err := os.Remove(state); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		*now = now.Add(tick)
		if err := a.turn(*now); err != nil {
			continue
		}
	}
	if after, err := durable.ReadBeat(a.beat.Path); err != nil || after.Of <= before.Of || after.Count <= before.Count {
		t.Errorf("the disk has room again, and the beat is %+v: %v", after, err)
	}
}
