package serving

import (
	"context"
	"encoding/csv"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/suite"
)

// killedRun names the folder of a run that this test's binary is to execute, and to be killed in.
const killedRun = "ASSAY_TEST_KILLED_RUN"

func unredacted(...string) suite.Redactor { return suite.Plain{} }

// A client that is killed, by the kernel for want of memory say, leaves the samples of all but its last second, and a partial result.
func TestAKilledClientLeavesItsSamples(t *testing.T) {
	if dir := os.Getenv(killedRun); dir != "" {
		t.Fatal(suite.Run(context.Background(), dir, "test", suite.Suites{Serving: Suite{}}))
	}
	dir := t.TempDir()
	req := request0(serve(t, &flawed{knows: structuredOutputs, misbehave: func(n int, w http.ResponseWriter, _ string) bool {
		if n%10 == 9 {
			w.WriteHeader(http.StatusTeapot)
		}
		return n%10 == 9
	}}))
	req.Serving = spec(func(v *v1alpha1.Serving) { v.Dataset, v.Prompts, v.Rate, v.Warmups = "choice", 100_000, 200, 0 })
	if err := (durable.Writer{}).ReplaceRecord(filepath.Join(dir, drivers.RequestFile), req, nil); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestAKilledClientLeavesItsSamples$")
	cmd.Env = append(os.Environ(), killedRun+"="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	const enough = 100 * int64(enteredSize)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if info, err := os.Stat(filepath.Join(dir, answersFile)); err == nil && info.Size() > enough {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing is kept while the run goes on")
		}
	}
	_, _ = cmd.Process.Kill(), cmd.Wait()

	if err := Salvage(dir, unredacted); err != nil {
		t.Fatal(err)
	}
	var res drivers.SuiteResult
	if err := durable.ReadRecord(filepath.Join(dir, PartialFile), &res); err != nil {
		t.Fatal(err)
	}
	n, failed := int(res.Metrics["completed"]), int(res.Metrics["failed"])
	if res.Valid || n < 50 || failed < 5 || failed > n/8 || !strings.Contains(res.Reasons[0].Message, "killed") || res.Window.From.Year() < 2026 {
		t.Errorf("valid %v, %v, %d completed, %d failed, %+v", res.Valid, res.Reasons, n, failed, res.Window)
	}
	file, err := os.Open(filepath.Join(dir, CSVFile))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != n+failed+1 {
		t.Errorf("%d rows of samples, %v; %d completed, %d failed", len(rows), err, n, failed)
	}
	if err := Salvage(dir, unredacted); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a second time: %v", err)
	}
}

// What was cut off, altered or written by another version is never taken for samples.
func TestSalvageOfDamage(t *testing.T) {
	whole := t.TempDir()
	r, err := newRunner(request0("http://localhost"), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer r.client.close()
	b := newBook(whole)
	b.spool.name = answersFile
	if err := r.head(b); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		b.add(sample{index: i, outcome: outcome{sent: 1, ended: 2}})
	}
	b.save()
	if err := b.spool.end(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(whole, answersFile))
	if err != nil {
		t.Fatal(err)
	}
	read := func(data []byte) int {
		got := newBook("")
		if _, err := got.scan(strings.NewReader(string(data)), 5); err != nil {
			return -1
		}
		return got.n
	}
	if n := read(data); n != 5 {
		t.Errorf("%d samples of 5", n)
	}
	for i := range data {
		if n := read(data[:i]); n > 4 {
			t.Errorf("cut off at %d: %d samples", i, n)
		}
		altered := append([]byte(nil), data...)
		altered[i] ^= 0xff
		if n := read(altered); n > 5 {
			t.Errorf("altered at %d: %d samples", i, n)
		}
	}
	b.close()
	if _, err := os.Stat(filepath.Join(whole, answersFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is left behind: %v", err)
	}
}
