package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	littleSpace = 2 << 30         // bytes: less than a model, and than a day of results
	littleFiles = 10_000          // inodes
	slowSync    = 2 * time.Second // one fsync
)

// shared are file systems that other nodes can see.
var shared = []string{"nfs", "lustre", "gpfs", "beegfs", "ceph", "afs", "smb", "fuse", "panfs", "weka"}

// folders are those of the site, as they are from here.
func folders(f Facts) (all []Check) {
	for _, d := range f.Folders {
		if d.What != Images {
			all = append(all, folder(f, d)...)
		}
	}
	return all
}

func folder(f Facts, d Folder) []Check {
	where := d.Path + " on " + d.FileSystem
	isShared := slices.Contains(shared, d.FileSystem)
	switch {
	case d.Problem != "":
		return one(d.What, Fail, "write another into the Site: "+field(d.What), "%s: %s", d.Path, d.Problem)
	case d.Unsafe != "":
		return one(d.What, Fail, "", d.Unsafe)
	case len(d.Faults) > 0:
		return one(d.What, Fail, "put it on another file system: "+field(d.What), "%s: %s", where, strings.Join(d.Faults, "; "))
	case d.Exceeded:
		return one(d.What, Fail, "remove something, or ask for more", "your quota at %s is used up: %s", d.Path, d.Quota)
	case d.What == Local && isShared:
		return one(d.What, Warn, "name one on a local disk: "+field(d.What), "%s, which is no local disk: databases are slow there, and can be damaged", where)
	case d.Free < littleSpace || d.Files > 0 && d.FreeFiles < littleFiles:
		return one(d.What, Warn, "remove something, or put it elsewhere: "+field(d.What), "%s has %s and %d files left for you", where, size(d.Free), d.FreeFiles)
	case d.Quota != "":
		return one(d.What, Warn, "remove something, or ask for more", "your quota at %s is nearly used up: %s", d.Path, d.Quota)
	case d.Sync > slowSync:
		return one(d.What, Warn, "a decision takes several of them: put it on a faster file system: "+field(d.What), "%s: an fsync takes %s", where, short(d.Sync))
	case d.What == State && !isShared && !f.local() && !f.seenBy(State):
		return one(d.What, Warn, "name a folder that nodes share: "+field(d.What), "%s, which other nodes may not see", where)
	}
	return one(d.What, OK, "", "%s, %s free; rename, link and fsync work", where, size(d.Free))
}

// field is the field of a Site that names a folder.
func field(what string) string {
	return map[string]string{State: "paths: {state: DIR}", Work: "paths: {work: DIR}", Local: "paths: {local: DIR}", Images: "container: {images: DIR}"}[what]
}

// images is the folder of container images, which is filled by assay pull.
func images(f Facts) []Check {
	i := slices.IndexFunc(f.Folders, func(d Folder) bool { return d.What == Images })
	if i < 0 {
		return nil
	}
	return folder(f, f.Folders[i])
}

// seenBy reports whether a node of the job sees a folder as it is.
func (f Facts) seenBy(what string) bool {
	return slices.ContainsFunc(f.Job.Nodes, func(n Node) bool {
		return slices.ContainsFunc(n.Sees, func(d Folder) bool { return d.What == what && d.Problem == "" })
	})
}

// unseen are the folders that a node does not see.
func unseen(n Node) (out []string) {
	for _, d := range n.Sees {
		if d.Problem != "" {
			out = append(out, fmt.Sprintf("%s %s: %s", d.What, d.Path, d.Problem))
		}
	}
	return out
}
