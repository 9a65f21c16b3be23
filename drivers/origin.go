package drivers

import "time"

// Origin is where a revision came from.
type Origin struct {
	Source string    `json:"source"`         // apply | watch | sync | pull-request | undo | delete
	Path   string    `json:"path,omitempty"` // file, folder or repository
	User   string    `json:"user,omitempty"`
	Host   string    `json:"host,omitempty"`
	Time   time.Time `json:"time"`
	Commit string    `json:"commit,omitempty"` // git commit, "-dirty" appended when the file differs from it
	Ref    string    `json:"ref,omitempty"`
	// Author and Subject are those of Commit; empty when the file differs from it.
	Author  string `json:"author,omitempty"`
	Subject string `json:"subject,omitempty"`
	// Identity names a path in a repository by what does not depend on the address: "<hash of the first commit>:<path>".
	// Source sync only; empty when the first commit is not known, as in a shallow repository.
	Identity string `json:"identity,omitempty"`
}
