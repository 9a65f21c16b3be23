package site

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"assay/api/v1alpha1"
)

// CacheDir is assay's folder for what can be made again, on this machine's disk: $XDG_CACHE_HOME/assay.
func CacheDir() (string, error) { return xdg("XDG_CACHE_HOME", ".cache") }

// ConfigDir is assay's folder for what this user chose on this machine: $XDG_CONFIG_HOME/assay.
func ConfigDir() (string, error) { return xdg("XDG_CONFIG_HOME", ".config") }

func sitesDir() (string, error) {
	dir, err := ConfigDir()
	return filepath.Join(dir, "sites"), err
}

// xdg returns $name/assay, or ~/fallback/assay. A relative value does not count, as the specification says.
func xdg(name, fallback string) (string, error) {
	if d := os.Getenv(name); filepath.IsAbs(d) {
		return filepath.Join(d, "assay"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding your home directory: %w; set %s or use --state", err, name)
	}
	return filepath.Join(home, fallback, "assay"), nil
}

// Complete fills in the paths of a site that its file leaves open. The state directory is stateDir when it is given,
// else the site's own, else a folder named after the site below $XDG_STATE_HOME/assay; the others lie in it. All are
// absolute afterwards, but for those that the file gives.
func Complete(s v1alpha1.Site, stateDir string) (v1alpha1.Site, error) {
	dir, err := filepath.Abs(cmp.Or(stateDir, s.Spec.Paths.State))
	if stateDir == "" && s.Spec.Paths.State == "" {
		dir, err = xdg("XDG_STATE_HOME", ".local/state")
		dir = filepath.Join(dir, s.Metadata.Name)
	}
	if err != nil {
		return s, err
	}
	s.Spec.Paths.State = dir
	s.Spec.Paths.Work = cmp.Or(s.Spec.Paths.Work, filepath.Join(dir, "work"))
	if s.Spec.Container.Runs() {
		s.Spec.Container.Images = cmp.Or(s.Spec.Container.Images, filepath.Join(dir, "images"))
	}
	return s, nil
}
