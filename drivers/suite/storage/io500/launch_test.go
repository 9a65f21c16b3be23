package io500

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/drivers/suite/storage"
)

// Only what the program lists is written; what it cannot do without has to be there.
func TestIni(t *testing.T) {
	list, err := os.ReadFile("testdata/list.txt")
	if err != nil {
		t.Fatal(err)
	}
	knows := known(string(list))
	all := settings(spec(30*time.Second, 2), storage.Limits{Transfers: 10, Records: 1 << 40, Easy: 5, Hard: 1 << 30}, "/data/x", "/results")
	got, err := write(all, knows)
	want := "[global]\ndatadir = /data/x\ntimestamp-datadir = TRUE\nresultdir = /results\ntimestamp-resultdir = TRUE\nscc = TRUE\n" +
		"[debug]\nstonewall-time = 30\n[ior-easy]\ntransferSize = 2097152\nblockSize = 20971520\nfilePerProc = TRUE\n" +
		"[ior-hard]\nsegmentCount = 10000000\n[mdtest-easy]\nn = 5\n[mdtest-hard]\nn = 1000000\n"
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	delete(knows, "ior-easy/filePerProc")
	if got, err := write(all, knows); err != nil || strings.Contains(got, "filePerProc") {
		t.Errorf("%v\n%s", err, got)
	}
	delete(knows, "debug/stonewall-time")
	if _, err := write(all, knows); err == nil || !strings.Contains(err.Error(), "stonewall-time") {
		t.Errorf("%v", err)
	}
}

func TestLinked(t *testing.T) {
	for libraries, want := range map[string]string{
		"\tlibmpich.so.12 => /lib/libmpich.so.12 (0x0)\n": "mpich", "\tlibmpi.so.40 => /lib/libmpi.so.40": "openmpi", "\tlibc.so.6": "",
	} {
		if got := linked(libraries); got != want {
			t.Errorf("%q: %q", libraries, got)
		}
	}
}

// By what the program is linked with, the launcher: srun with the right --mpi in a job, else one that is surely of that MPI.
func TestLauncher(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	put("io500", "")
	for _, test := range []struct{ job, library, also, want string }{
		{"", "libmpich.so.12", "mpiexec", "mpiexec -n 2 io500 x"},
		{"", "libmpich.so.12", "mpiexec.hydra", "mpiexec.hydra -n 2 io500 x"},
		{"", "libmpi.so.40", "mpirun", "mpirun --oversubscribe -n 2 io500 x"},
		{"", "libmpi.so.40", "orterun", "orterun --oversubscribe -n 2 io500 x"},
		{"7", "libmpich.so.12", "srun", "srun --overlap --mpi=pmi2 -K1 --nodes=1 --ntasks=2 --ntasks-per-node=2 io500 x"},
		{"7", "libmpi.so.40", "srun", "srun --overlap --mpi=pmix -K1 --nodes=1 --ntasks=2 --ntasks-per-node=2 io500 x"},
	} {
		t.Setenv("SLURM_JOB_ID", test.job)
		put("ldd", "echo '\t"+test.library+" => /lib/x (0x0)'")
		put(test.also, "")
		l, err := newLauncher(t.Context(), spec(time.Second, 2), "srun")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(strings.Join(l.command(t.Context(), 2, "x").Args, " "), bin+"/", ""); got != test.want {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
	put("ldd", "echo libc.so.6")
	if _, err := newLauncher(t.Context(), spec(time.Second, 2), "srun"); err == nil || !strings.Contains(err.Error(), "write mpi") {
		t.Errorf("%v", err)
	}
}
