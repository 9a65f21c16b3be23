package view

import (
	"fmt"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/view/text"
)

// StartupLine is what the start of a server took, by what it waited for.
func StartupLine(s v1alpha1.Startup) string {
	parts := []string{"queue " + length(s.Queue)}
	if s.Failed > 0 {
		parts = append(parts, "starts that failed "+length(s.Failed))
	}
	parts = append(parts, "image and preparation "+length(s.Prepare))
	if s.Weights > 0 {
		parts = append(parts, "weights "+length(s.Weights))
	}
	if s.Compile > 0 {
		parts = append(parts, "compile "+length(s.Compile))
	}
	rest := max(0, s.Serve-s.Weights-s.Compile)
	word := "until Ready "
	if rest < s.Serve {
		word = "rest until Ready "
	}
	return fmt.Sprintf("%s, %s%s: %s in all", strings.Join(parts, ", "), word, length(rest), length(s.Queue+s.Failed+s.Prepare+s.Serve))
}

func length(seconds float64) string {
	return text.Duration(time.Duration(seconds * float64(time.Second)))
}
