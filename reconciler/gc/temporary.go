package gc

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"assay/reconciler/store"
)

// written are the folders of the state directory that assay writes to.
var written = []string{"lease", "revisions", "intents", "jobs", "runs", "status", "targets", "bin", "archive", "secrets", "folders", "images", store.SentFiles}

// temporary are files of writers that were killed, and what an interrupted Remove had renamed.
func (s snapshot) temporary() ([]Leftover, error) {
	if s.Experiment != "" {
		return nil, nil // a temporary file does not say whose it is
	}
	var out []Leftover
	for _, sub := range written {
		err := filepath.WalkDir(filepath.Join(s.Store.Dir(), sub), func(path string, e fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case e.IsDir() && sub == "jobs" && (s.mayLive(elementName(e.Name())) || s.isJobDir(path) && s.over(e)):
				return fs.SkipDir // the live job's own, or removed as a whole
			case !strings.HasPrefix(e.Name(), ".tmp-"):
				return nil
			}
			info, err := e.Info()
			renamed := strings.HasPrefix(e.Name(), s.trash())
			if err != nil || !renamed && (!old(info) || !info.Mode().IsRegular()) {
				return nil
			}
			out = append(out, Leftover{Kind: KindLogs, Path: path})
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
