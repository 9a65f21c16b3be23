// Package arguments checks the options of a server against what the server's own help says, before a job is submitted.
//
//	help.go   the options in the text that `vllm serve --help=all` prints, in the form of Python's argparse
//	ask.go    asks the program for its help: once for each version of it
//	rule.go   the rule for v1alpha1.Load
//	check.go  options that are not known, deprecated, or contradict each other
//
// Only a program that is here can be asked: on PATH, or in the file of an image. Where none is, or it fails, nothing is known
// and nothing is refused. What the program says is a stranger's text: it is read up to a bound and never printed whole. A manifest that others
// wrote is not checked: nothing that it names runs before it is accepted.
package arguments
