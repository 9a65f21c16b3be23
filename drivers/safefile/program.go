package safefile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// checked remembers programs whose content was hashed, by everything that a change of content changes: the kernel sets the
// time of the last change, and no user can set it back.
var checked sync.Map // path -> unix.Stat_t

// Program is nil when the program at DIR/<sha256>/NAME is this user's alone and has the content that its folder is named after.
// A program whose folder has another name promises nothing, and is not judged: only copies in a state directory are. It is
// called before a program is named in a script, and before it is run.
func Program(path string) error {
	want := filepath.Base(filepath.Dir(path))
	if b, err := hex.DecodeString(want); err != nil || len(b) != sha256.Size {
		return nil
	}
	if err := Private(filepath.Dir(path)); err != nil {
		return changed(path, err)
	}
	f, err := Open(path)
	if err != nil {
		return fmt.Errorf("checking the program that jobs run: %w", err)
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return fmt.Errorf("checking the program that jobs run: %w", &fs.PathError{Op: "stat", Path: path, Err: err})
	}
	is := facts{uid: st.Uid, mode: st.Mode}
	if !is.mine() || is.openToOthers() {
		return changed(path, fmt.Errorf("it belongs to %s and has mode %s: %w", is.owner(), is.permissions(), ErrUnsafe))
	}
	st.Atim = unix.Timespec{} // reading changes it
	if before, ok := checked.Load(path); ok && before == st {
		return nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("checking the program that jobs run: %w", err)
	}
	if hex.EncodeToString(h.Sum(nil)) != want {
		return changed(path, errors.New("its content is not what the name of its folder says"))
	}
	checked.Store(path, st)
	return nil
}

func changed(path string, why error) error {
	return fmt.Errorf("the program %s, which jobs run, is not to be trusted: %w; find out who changed it, then type: rm -r %s", path, why, filepath.Dir(path))
}
