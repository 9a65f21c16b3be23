package v1alpha1

import (
	"fmt"
	pathpkg "path"
	"regexp"
	"slices"
	"strings"
)

// bindOptions match what can follow the second colon of a bind.
var bindOptions = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_=-]*(,[A-Za-z][A-Za-z0-9_=-]*)*$`)

// Bind is a folder or file of the node that a container sees.
type Bind struct{ Source, Target, Options string }

// ParseBind reads SRC[:DST[:OPTIONS]]; without DST it is SRC.
func ParseBind(word string) (Bind, error) {
	parts := strings.SplitN(word, ":", 3)
	b := Bind{Source: parts[0], Target: parts[0]}
	if len(parts) > 1 {
		b.Target = parts[1]
	}
	for _, p := range []string{b.Source, b.Target} {
		switch {
		case !strings.HasPrefix(p, "/"):
			return b, fmt.Errorf("must be SRC[:DST[:OPTIONS]] with absolute paths, found %s", brief(word))
		case strings.ContainsAny(p, ",\n\t"): // Apptainer takes a comma for the start of another bind
			return b, fmt.Errorf("a comma cannot be part of a path that is bound, found %s", brief(word))
		}
	}
	if len(parts) == 3 {
		if b.Options = parts[2]; !bindOptions.MatchString(b.Options) {
			return b, fmt.Errorf("options of a bind are words such as ro, found %s", brief(b.Options))
		}
	}
	return b, nil
}

// siteContainer checks how a site runs containers.
func (c *checker) siteContainer(s SiteContainer) {
	const at = "spec.container"
	if s.Images != "" && (!strings.HasPrefix(s.Images, "/") || strings.ContainsAny(s.Images, ":,\n\t")) {
		c.bad(at+".images", "must be an absolute path without : and , found "+brief(s.Images), "")
	}
	for i, a := range s.Args {
		if !strings.HasPrefix(a, "-") {
			c.bad(fmt.Sprintf("%s.args[%d]", at, i), "must be an option that begins with -, found "+brief(a), "write an option and its value as one word: --option=value")
		}
	}
	c.binds(at+".binds", s.Binds)
	if s.Runs() {
		return
	}
	for name, given := range map[string]bool{"images": s.Images != "", "args": len(s.Args) > 0, "binds": len(s.Binds) > 0} {
		if given {
			c.bad(at+"."+name, "has no meaning without a runtime", "write container.runtime: apptainer, singularity, podman or pyxis")
		}
	}
}

// containers checks a service's images and binds. Without known facts of the site, its runtime is not checked.
func (c *checker) containers(site Site, path string, s Service) {
	c.binds(path+".binds", s.Binds)
	c.pyxis(site, path, s)
	if s.Monitors != nil && s.Image != "" && s.Image != NoImage {
		c.bad(path+".image", "cannot be one for all of monitors", "write monitors.images: {prometheus: …}")
	} else {
		c.image(site, path+".image", s, s.Image)
	}
	if s.Monitors == nil {
		return
	}
	for _, component := range keys(s.Monitors.Images) {
		c.component(path+".monitors.images["+component+"]", component, s.Monitors.Components)
		c.image(site, path+".monitors.images["+component+"]", s, s.Monitors.Images[component])
	}
}

func (c *checker) image(site Site, path string, s Service, ref string) {
	if ref == "" || ref == NoImage {
		return
	}
	image, err := ParseImage(ref)
	simulated := s.VLLM != nil && s.VLLM.Simulate != nil
	switch {
	case err != nil:
		c.bad(path, err.Error(), "")
	case !site.Spec.Container.Runs() && !simulated:
		c.bad(path, fmt.Sprintf("site %s runs no containers", site.Metadata.Name), "write container.runtime in its Site, or image: none")
	case image.Path != "" && !site.Spec.Container.reads(image.Path):
		c.bad(path, fmt.Sprintf("is a %s file, which %s cannot run", pathpkg.Ext(image.Path), site.Spec.Container.Runtime), "write docker://NAME:TAG")
	case !image.Pinned():
		c.warn(path, brief(ref)+" is not pinned: it can be another image tomorrow", "write a version as its tag, or NAME@sha256:…")
	}
}

func (c *checker) component(path, component string, declared []string) {
	if len(declared) == 0 {
		declared = monitorComponents
	}
	if !slices.Contains(declared, component) {
		c.bad(path, fmt.Sprintf("these monitors have no component %s", brief(component)), meant(component, declared))
	}
}

func (c *checker) binds(path string, binds []string) {
	for i, b := range binds {
		if _, err := ParseBind(b); err != nil {
			c.bad(fmt.Sprintf("%s[%d]", path, i), err.Error(), "")
		}
	}
}

// warn records something that is allowed but probably not meant.
func (c *checker) warn(path, message, hint string) {
	line, col := c.doc.find(path)
	c.doc.warnings = append(c.doc.warnings, Problem{c.doc.file, line, col, path, message, hint})
}
