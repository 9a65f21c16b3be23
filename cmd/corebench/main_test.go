package main

import "testing"

// TestFigures: each world can be built and measured.
func TestFigures(t *testing.T) {
	for _, f := range figures {
		run, cleanup, err := f.prepare(10)
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		defer cleanup()
		if err := run(); err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}
