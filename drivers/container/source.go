package container

import (
	"strings"

	"assay/api/v1alpha1"
)

// enroot fetches the images of pyxis.
const enroot = "enroot"

// source is a program that makes one file of a registry's image.
type source struct {
	program        string
	cache, scratch string // the variables that name its folders
	command        func(file string, image v1alpha1.Image) []string
}

func sourceOf(runtime string) source {
	if runtime == v1alpha1.RuntimePyxis {
		return source{enroot, "ENROOT_CACHE_PATH", "ENROOT_TEMP_PATH", func(file string, image v1alpha1.Image) []string {
			return []string{enroot, "import", "--output", file, "docker://" + image.Enroot()}
		}}
	}
	prefix := strings.ToUpper(runtime) + "_"
	return source{runtime, prefix + "CACHEDIR", prefix + "TMPDIR", func(file string, image v1alpha1.Image) []string {
		return []string{runtime, "pull", file, "docker://" + image.Reference()}
	}}
}
