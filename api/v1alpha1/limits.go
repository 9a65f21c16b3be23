package v1alpha1

import (
	"fmt"
	"strings"
)

// Limits of what is read, so that a file that somebody else wrote costs about a second and less than 200 MB at most. All of
// them are far above what a person writes. What is beyond one is an error with its place that says the limit.
const (
	MaxFile     = 1 << 20 // bytes of one file: 3,000 services with a benchmark each
	MaxFiles    = 1_000   // files that are read at once
	MaxManifest = 4 << 20 // bytes of all files that are read at once

	maxDocuments = 1_000     // in all files that are read at once: each is an experiment with a history of its own
	maxMarks     = 200_000   // signs that separate values, in one file: the parser makes a node of 200 bytes of what is between two
	maxValues    = 100_000   // in one document: each is kept with its place
	maxItems     = 2_000     // of a list and fields of a mapping; services and benchmarks of an experiment are lists
	maxText      = 64 << 10  // bytes of a value: Linux takes no argument of a program that is twice as long
	maxKey       = 256       // bytes of a key: it is part of the path of everything in it
	maxPath      = 1_000     // bytes of the path of a value, for the same reason
	maxDepth     = 40        // levels of nesting
	maxAliased   = 10_000    // values that come from aliases, in one document
	maxWords     = 20_000    // $(WORD)s of a document: each becomes a path or an address in an argument
	maxPorts     = 2_000     // $(PORT:NAME)s and $(RELAY:NAME)s of a document: each takes a port of the node
	maxSearched  = 256 << 10 // bytes of a file whose syntax error is looked for line by line: it is parsed 15 times for that
	maxProblems  = 100       // of one document that are looked for: twice as many as are shown
	maxTroubles  = 500       // problems of all documents, before the others are left out
	shown        = 50        // problems that are printed; a binary file has thousands

	maxPoints       = 2_000    // of a sweep: every point is validated before the sweep is accepted
	maxCombinations = 20_000   // of a sweep before points are left out
	maxSwept        = 100      // paths that a sweep names, and combinations that it leaves out
	maxDeclared     = 20_000   // services and benchmarks of all points together: each is validated at each point
	maxSweptBytes   = 32 << 20 // of the experiment at all points together
	maxRuns         = 100_000  // of an experiment: repeats of its benchmarks, at all points
	maxReplicas     = 10_000   // of all services of an experiment together: each is a job
)

// allowance is what is left of the limits of all files together.
type allowance struct{ documents, troubles int }

// full reports whether enough problems were found: what is wrong everywhere is not listed everywhere.
func (d *document) full() bool { return len(d.problems) >= maxProblems }

func (c *checker) full() bool { return len(c.problems) >= maxProblems }

// tooManyWords counts the words of a value that a job fills in, and says which of them are too many; "" when none are.
func (d *document) tooManyWords(value string) string {
	if !strings.Contains(value, "$(") {
		return ""
	}
	words, ports := strings.Count(value, "$("), strings.Count(value, "$(PORT:")+strings.Count(value, "$(RELAY:")
	d.words, d.ports = d.words+words, d.ports+ports
	switch {
	case d.words > maxWords && d.words-words <= maxWords:
		return fmt.Sprintf("more than %d $(WORD)s come before the end of this; a document can have at most so many", maxWords)
	case d.ports > maxPorts && d.ports-ports <= maxPorts:
		return fmt.Sprintf("more than %d $(PORT:NAME)s come before the end of this; a document can have at most so many", maxPorts)
	}
	return ""
}

// marks finds the place in a file after which there are too many signs that separate values; false when there is none.
func marks(data []byte) (line, col int, beyond bool) {
	line, col = 1, 1
	n := 0
	for _, b := range data {
		switch b {
		case ',', ':', '-', '?', '[', '{', '&', '*', '\n':
			if n++; n > maxMarks {
				return line, col, true
			}
		}
		if col++; b == '\n' {
			line, col = line+1, 1
		}
	}
	return 0, 0, false
}

// amounts checks what is bounded over a whole experiment, at so many points of a sweep.
func (c *checker) amounts(e Experiment, points int) {
	runs, replicas := 0, 0
	for _, b := range e.Spec.Benchmarks {
		if b.Repeats != nil {
			runs += b.Repeats.Total() * len(b.Targets()) * points
		}
		if b.Search != nil {
			runs += MostSearchRuns * points
		}
	}
	for _, s := range e.Spec.Services {
		if s.Replicas != nil {
			replicas += s.Replicas.Most()
		}
	}
	if runs > maxRuns {
		c.bad("spec.benchmarks", fmt.Sprintf("come to %d runs; an experiment can have at most %d", runs, maxRuns), "lower repeats, or declare another experiment")
	}
	if replicas > maxReplicas {
		c.bad("spec.services", fmt.Sprintf("come to %d replicas; an experiment can have at most %d", replicas, maxReplicas), "lower replicas, or declare another experiment")
	}
}

// sweepSize checks a sweep before its points are made: how many they can be, and what validating all of them costs.
func (c *checker) sweepSize(s Sweep) {
	n := 1
	for _, d := range s.dimensions() {
		if n *= max(1, len(d.values)); n > maxCombinations {
			c.bad("spec.sweep", fmt.Sprintf("has more than %d combinations, before any are left out", maxCombinations), "")
			return
		}
	}
	all := len(s.Declared.Services) + len(s.Declared.Benchmarks)
	if size := len(text(*s.Declared)); n*all > maxDeclared || n*size > maxSweptBytes {
		c.bad("spec.sweep", fmt.Sprintf("has %d combinations of %d services and benchmarks (%s): together at most %d and %s can be checked",
			n, all, Quantity(size), maxDeclared, Quantity(maxSweptBytes)), "sweep fewer values, or declare fewer services in this experiment")
	}
}

// sweptPaths reports whether a sweep names few enough paths to be checked.
func (c *checker) sweptPaths(s Sweep) bool {
	few := true
	for at, n := range map[string]int{"matrix": len(s.Matrix), "zip": len(s.Zip), "bind": len(s.Bind), "exclude": len(s.Exclude)} {
		if n > maxSwept {
			few = false
			c.bad("spec.sweep."+at, fmt.Sprintf("has %d entries; there can be at most %d", n, maxSwept), "")
		}
	}
	return few
}
