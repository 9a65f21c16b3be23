package sealed

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"assay/reconciler/plan"
	"assay/reconciler/results/resultset"
	"assay/reconciler/store"
)

// Collect finds what a bundle of EXPERIMENT, EXPERIMENT@REVISION or EXPERIMENT@COMMIT holds: the revision, what counts for it, and
// the runs that this is from.
func Collect(st *store.Store, read resultset.Reader, ref string, program Program) (Contents, error) {
	c := Contents{Program: program}
	name, word, _ := strings.Cut(ref, "@")
	m, err := read.Measurements(name)
	if err != nil {
		return c, fmt.Errorf("reading the results of %s: %w", name, err)
	}
	if c.Revision, err = m.Find(word); err != nil {
		return c, err
	}
	c.Rows = m.Of(c.Revision)
	if len(c.Rows) == 0 {
		return c, fmt.Errorf("revision %d of %s has no result to seal; what there is: assay get runs -e %s", c.Revision.Generation, name, name)
	}
	if c.Runs, err = counted(st, name, c); err != nil {
		return c, err
	}
	c.Build, _ = debug.ReadBuildInfo()
	c.Secrets, err = st.SecretValues()
	return c, err
}

// counted are the runs of the rows, in their order. A damaged record is an error: the bundle would lack what it says.
func counted(st *store.Store, experiment string, c Contents) ([]plan.Run, error) {
	var ids []string
	for _, r := range c.Rows {
		if r.Search == nil {
			ids = append(ids, r.Run)
		}
	}
	runs, err := st.RunsByID(experiment, ids)
	if err == nil && len(runs) != len(ids) {
		err = fmt.Errorf("%d of %d runs are not there any more", len(ids)-len(runs), len(ids))
	}
	if err != nil {
		return nil, fmt.Errorf("reading the runs of %s: %w", experiment, err)
	}
	return runs, nil
}

// Running is the assay that runs.
func Running(version string) (Program, error) {
	p := Program{Version: version, Go: runtime.Version()}
	f, err := os.Open("/proc/self/exe") // also of a file that was replaced since
	if err != nil {
		return p, fmt.Errorf("reading the running assay: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	p.SHA256 = hex.EncodeToString(h.Sum(nil))
	return p, err
}
