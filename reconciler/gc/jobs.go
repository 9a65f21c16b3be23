package gc

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// jobDirs are the directories of ended jobs, jobs/EXPERIMENT/SEAT/NONCE, and the archived records of ended attempts.
func (s snapshot) jobDirs() ([]Leftover, error) {
	var out []Leftover
	root := filepath.Join(s.Store.Dir(), "jobs")
	experiments, err := folders(root)
	if err != nil {
		return nil, err
	}
	for _, x := range experiments {
		if !s.chosen(elementName(x.Name())) {
			continue
		}
		seats, err := folders(filepath.Join(root, x.Name()))
		if err != nil {
			return nil, err
		}
		for _, seat := range seats {
			nonces, err := folders(filepath.Join(root, x.Name(), seat.Name()))
			if err != nil {
				return nil, err
			}
			for _, n := range nonces {
				if s.over(n) {
					out = append(out, Leftover{Kind: KindLogs, Experiment: elementName(x.Name()), Path: filepath.Join(root, x.Name(), seat.Name(), n.Name())})
				}
			}
		}
	}
	records, err := s.archived(func(name string) bool { return !strings.HasSuffix(name, statusSuffix) })
	return append(out, records...), err
}

// over reports whether no job uses a job directory any more. One without a record may just be being made.
func (s snapshot) over(e fs.DirEntry) bool {
	nonce := elementName(e.Name())
	if s.mayLive(nonce) || strings.HasPrefix(e.Name(), trashPrefix) {
		return false // what Remove renamed is found as temporary
	}
	if _, recorded := s.attempts[nonce]; recorded {
		return true
	}
	if _, err := os.Lstat(filepath.Join(s.Store.Dir(), "archive", e.Name()+".json")); err == nil {
		return true
	}
	info, err := e.Info()
	return err == nil && old(info)
}

// isJobDir reports whether path is jobs/EXPERIMENT/SEAT/NONCE.
func (s snapshot) isJobDir(path string) bool {
	rel, err := filepath.Rel(filepath.Join(s.Store.Dir(), "jobs"), path)
	return err == nil && strings.Count(rel, string(filepath.Separator)) == 2
}
