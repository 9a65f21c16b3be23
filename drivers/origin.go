package drivers

import "time"

// Origin is where a revision came from.
type Origin struct {
	Source string    `json:"source"`         // apply | watch | sync | undo | delete
	Path   string    `json:"path,omitempty"` // file, folder or repository
	User   string    `json:"user,omitempty"`
	Host   string    `json:"host,omitempty"`
	Time   time.Time `json:"time"`
	Commit string    `json:"commit,omitempty"` // git commit, "-dirty" appended when the file differs from it
	Ref    string    `json:"ref,omitempty"`
}
