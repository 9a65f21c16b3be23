package vector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"assay/drivers"
	"assay/drivers/suite"
)

var pythonPackage = regexp.MustCompile(`^chromadb-([0-9][^-]*)\.dist-info$`)

// version is that of the packages from which the process has loaded its code, as the packages say: every release answers the
// same to a client that asks for its version. Empty when it is not known.
func (s server) version() string {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", s.pid))
	if err != nil {
		return ""
	}
	root := fmt.Sprintf("/proc/%d/root", s.pid)
	for line := range bytes.Lines(maps) {
		f := strings.Fields(string(line))
		if len(f) < 6 || !strings.Contains(strings.ToLower(f[5]), "chroma") {
			continue
		}
		if v := packageOf(root, f[5]); v != "" {
			return v
		}
	}
	return ""
}

// name adds the server's release to a result: as its packages say, else as its agent has asked it, else why it is not known. A
// client that asks the server is always told the same.
func (r *runner) name(res *drivers.SuiteResult) {
	if v := r.server.version(); v != "" {
		res.Versions["chroma"] = v
		return
	}
	for _, s := range r.req.Servers {
		if s.Version != "" {
			res.Versions["chroma"] = s.Version
			return
		}
	}
	why := "the server's process cannot be seen from here, and no agent of assay's started it"
	if seen := r.absent["server_"]; seen != "" {
		why = seen
	}
	for _, s := range r.req.Servers {
		if s.Absent["version"] != "" {
			why += "; " + s.Absent["version"]
		}
	}
	suite.Absent(res, "chroma", why)
}

// packageOf is the version of the package that a file belongs to: its package.json (npm), or the dist-info beside its folder
// (Python).
func packageOf(root, file string) string {
	for dir := filepath.Dir(file); len(dir) > 1; dir = filepath.Dir(dir) {
		var p struct{ Name, Version string }
		if b, err := os.ReadFile(filepath.Join(root, dir, "package.json")); err == nil && json.Unmarshal(b, &p) == nil && strings.Contains(p.Name, "chroma") {
			return fmt.Sprintf("npm %.100s %.100s%s", p.Name, p.Version, clientOf(root, dir))
		}
		there, _ := os.ReadDir(filepath.Join(root, dir)) // a folder that cannot be read says nothing
		for _, d := range there {
			if v := pythonPackage.FindStringSubmatch(d.Name()); v != nil {
				return fmt.Sprintf("python chromadb %.100s", v[1])
			}
		}
	}
	return ""
}

// clientOf adds the npm package that started the server, beside the one with its code.
func clientOf(root, dir string) string {
	var p struct{ Version string }
	b, err := os.ReadFile(filepath.Join(root, filepath.Dir(dir), "chromadb", "package.json"))
	if err != nil || json.Unmarshal(b, &p) != nil {
		return ""
	}
	return fmt.Sprintf(" (chromadb %.100s)", p.Version)
}
