package arguments

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"assay/drivers/bounded"
	"assay/drivers/durable"
)

const (
	helpFor = 90 * time.Second // a server imports its whole engine before it prints its help
	maxHelp = 1 << 20          // bytes
)

// Ask returns the options that a program knows. file is what changes with its version: the program, or its image. The answer is
// kept in the folder cache, 0600, by the file's path, size and time. Its error wraps fs.ErrNotExist when the program is not here.
func Ask(ctx context.Context, cache, file string, argv []string) ([]Option, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%d\x00%s", file, info.Size(), info.ModTime().UnixNano(), strings.Join(argv, "\x00")))
	kept := filepath.Join(cache, hex.EncodeToString(sum[:16])+".json")
	var r record
	if err := durable.ReadRecord(kept, &r); err == nil {
		return r.Options, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, helpFor)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.WaitDelay = time.Second
	cmd.Env = append(os.Environ(), "COLUMNS=200", "NO_COLOR=1")
	out, err := bounded.Combined(cmd, maxHelp)
	if err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return nil, fmt.Errorf("asking %s for its options: %w: %.200s", argv[0], err, lines[len(lines)-1])
	}
	if r.Options = Parse(string(out)); len(r.Options) == 0 {
		return nil, fmt.Errorf("asking %s for its options: what it printed names none", argv[0])
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return nil, err
	}
	return r.Options, durable.Writer{}.ReplaceRecord(kept, r, nil)
}

// record is one answer.
type record struct {
	Options []Option `json:"options"`
}
