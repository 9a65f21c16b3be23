package v1alpha1

// Limits of what is read, so that a file that somebody else wrote costs no more than a second and 200 MB. All of them are far
// above what a person writes.
const (
	MaxFile     = 1 << 20 // bytes of one file: 3,000 services with a benchmark each
	MaxFiles    = 1_000   // files that are read at once
	MaxManifest = 4 << 20 // bytes of all files that are read at once
)
