package v1alpha1

import "embed"

// Sources are the Go files of this package. Package fields reads what every field means from their comments, so that it is
// written once. The tests are among them: embed cannot leave them out.
//
//go:embed *.go
var Sources embed.FS
