package plan

import (
	"fmt"
	"path"

	"assay/api/v1alpha1"
)

// verdict is a status with its reason.
type verdict struct {
	status string
	cause
}

// folders makes the directories that lustre services declare, and removes those that no service declares any more: ours
// only, which drivers/lustre proves by their marker. An experiment that is suspended or done keeps its directories.
func (w *world) folders(x *experiment) {
	if x.blocked != "" {
		return
	}
	wanted := map[string]v1alpha1.Lustre{}
	if !x.Deleting {
		for _, s := range x.services {
			if s.Lustre != nil {
				wanted[s.Name] = *s.Lustre
				if !x.released.set() {
					w.makeFolder(x, s)
				}
			}
		}
	}
	for _, r := range x.records {
		if now, ok := wanted[r.Service]; ok && path.Clean(now.Path) == path.Clean(r.Spec.Path) {
			continue
		}
		if x.Deleting && x.occupied > 0 {
			continue // a server can still write into it
		}
		w.do(Action{Verb: DropFolder, Experiment: x.Name, Object: "service/" + r.Service, Reason: Removed, Folder: &r,
			Message: fmt.Sprintf("%s is no longer declared: it is removed if assay created it", r.Spec.Path)})
	}
}

func (w *world) makeFolder(x *experiment, s *service) {
	f, seen := w.o.Folders[x.Name+"/"+s.Name]
	if !seen || f.Err != "" || f.Exists && w.isRecorded(x, s) {
		return
	}
	w.do(Action{Verb: MakeFolder, Experiment: x.Name, Object: "service/" + s.Name, Reason: Declared,
		Message: s.Lustre.Path + " is declared", Folder: &FolderRecord{Experiment: x.Name, Service: s.Name, Spec: *s.Lustre}})
}

// isRecorded reports whether a service asked for its directory before.
func (w *world) isRecorded(x *experiment, s *service) bool {
	return w.recorded[FolderRecord{Experiment: x.Name, Service: s.Name, Spec: *s.Lustre}]
}

// folderReady says whether a directory target can be used.
func (w *world) folderReady(x *experiment, s *service) verdict {
	f, seen := w.o.Folders[x.Name+"/"+s.Name]
	spec := s.Lustre
	switch {
	case !seen:
		return verdict{v1alpha1.Unknown, cause{NotObserved, spec.Path + " has not been checked yet"}}
	case f.Err != "":
		return verdict{v1alpha1.Unknown, cause{Unreadable, f.Err}}
	case !f.Exists:
		return verdict{v1alpha1.False, cause{Making, spec.Path + " is being created"}}
	case spec.MinFree > 0 && f.FreeBytes < 0 || spec.MinInodes > 0 && f.FreeInodes < 0:
		return verdict{v1alpha1.Unknown, cause{SpaceUnknown, "the file system does not say how much is free: " + f.Message}}
	case spec.MinFree > 0 && f.FreeBytes < int64(spec.MinFree):
		return verdict{v1alpha1.False, cause{TooLittleSpace, fmt.Sprintf("%s has %s free, quota included, and minFree is %s", spec.Path, v1alpha1.Quantity(f.FreeBytes), spec.MinFree)}}
	case spec.MinInodes > 0 && f.FreeInodes < spec.MinInodes:
		return verdict{v1alpha1.False, cause{TooFewInodes, fmt.Sprintf("%s has room for %d files, quota included, and minInodes is %d", spec.Path, f.FreeInodes, spec.MinInodes)}}
	}
	whose := "it existed before and is never deleted"
	if f.Ours {
		whose = "created by assay"
	}
	return verdict{v1alpha1.True, cause{Ready, fmt.Sprintf("%s exists (%s); %s", spec.Path, whose, f.Message)}}
}

// folderStatus reports on a directory target.
func (w *world) folderStatus(x *experiment, s *service, st *v1alpha1.ServiceStatus, c *conditions) {
	v := w.folderReady(x, s)
	st.Replicas = 1
	if v.status == v1alpha1.True {
		st.Ready = 1
	}
	st.Seats = []v1alpha1.SeatStatus{{Seat: x.Name + "/" + s.Name, Ready: v.status == v1alpha1.True, Endpoint: s.Lustre.Path, Reason: string(v.reason)}}
	c.set(v1alpha1.Ready, v.status, v.cause)
	c.set(v1alpha1.Reconciling, truth(v.status == v1alpha1.False), v.cause)
	c.set(v1alpha1.Stalled, v1alpha1.False, cause{NotStalled, ""})
	f := w.o.Folders[x.Name+"/"+s.Name]
	switch {
	case !f.Exists:
		c.set(v1alpha1.Striped, v1alpha1.Unknown, v.cause)
	case f.Striped:
		c.set(v1alpha1.Striped, v1alpha1.True, cause{Striped, f.Message})
	default:
		c.set(v1alpha1.Striped, v1alpha1.False, cause{PlainDirectory, f.Message})
	}
}
