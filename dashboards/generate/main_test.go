package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCommitted: the files are what the tables make, and no others are there.
func TestCommitted(t *testing.T) {
	want := map[string]bool{}
	for _, b := range all() {
		made, err := b.json()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("..", b.uid+".json")
		want[file] = true
		committed, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(made) != string(committed) {
			t.Errorf("%s is not what its table makes: run go generate ./dashboards", file)
		}
	}
	files, err := filepath.Glob(filepath.Join("..", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !want[f] {
			t.Errorf("%s is no dashboard of this program: remove it", f)
		}
	}
}
