// Command generate writes assay's dashboards as JSON files into a folder: see package dashboards, and go generate.
//
// Each dashboard is a table of panels in a file of its own: vllm.go, chroma.go, hardware.go, storage.go, benchmarks.go and
// control.go. board.go turns such a table into Grafana's model and panel.go each row of it. promql.go has the few shapes
// that expressions have, and measured.go takes results of benchmarks from the catalogue of metrics in reconciler/results,
// with their units. main.go writes the files. In an expression {@} and {@,…} stand for the dashboard's filter, the matchers
// of its variables.
package main

//lint:file-ignore SA1019 Grafana 12 provisions files of the classic model; the one that replaces it needs a newer server.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// all are the dashboards, in the order of the package doc.
func all() []board {
	return []board{vllm(), chroma(), hardware(), storage(), benchmarks(), control()}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	for _, b := range all() {
		raw, err := b.json()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, b.uid+".json"), raw, 0o600); err != nil {
			return fmt.Errorf("writing dashboard %s: %w", b.uid, err)
		}
	}
	return nil
}

// json is the dashboard as it is committed.
func (b board) json() ([]byte, error) {
	d, err := b.build()
	if err != nil {
		return nil, fmt.Errorf("building dashboard %s: %w", b.uid, err)
	}
	return encode(d)
}

func encode(d dashboard.Dashboard) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // > and & are common in expressions
	enc.SetIndent("", "  ")
	err := enc.Encode(d)
	return buf.Bytes(), err
}
