package io500

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/drivers/suite"
)

// The layouts are set from the top down: a directory inherits its parent's when it is made. (lfs is a script that records its
// arguments and the directories that exist by then; there was no Lustre to test on.)
func TestLayout(t *testing.T) {
	bin, data := t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("SAID", filepath.Join(bin, "said"))
	t.Setenv("DATA", data)
	script := "#!/bin/sh\necho \"$* / $(cd $DATA && find . -mindepth 1 | tr '\\n' ' ')\" >>$SAID\n[ $1 != setdirstripe ] || { echo no >&2; exit 1; }\necho stripe_count: 1\n"
	if err := os.WriteFile(filepath.Join(bin, "lfs"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(bin, "layout.txt")
	notes := layout(t.Context(), data, "r", file)
	if len(notes) != 1 || notes[0].Reason != suite.ReasonNoLayout || !strings.Contains(notes[0].Message, "no") {
		t.Errorf("%v", notes)
	}
	said, _ := os.ReadFile(filepath.Join(bin, "said"))
	both := " / ./r ./r/ior-hard \n"
	want := "setdirstripe -D -c -1 D / \nsetstripe -c 1 D / \nsetstripe -c -1 D/r/ior-hard" + both + "getstripe -d D" + both + "getstripe -d D/r/ior-hard" + both
	if got := strings.ReplaceAll(string(said), data, "D"); got != want {
		t.Errorf("%s", got)
	}
	if text, err := os.ReadFile(file); err != nil || strings.Count(string(text), "stripe_count") != 2 {
		t.Errorf("%v %s", err, text)
	}
}
