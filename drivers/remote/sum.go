package remote

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"syscall"

	"assay/drivers/durable"
	"assay/drivers/safefile"
)

const maxMemo = 1 << 10

// Sum is the SHA-256 of a file, in hexadecimal. The file memo remembers it; the file is read again when its inode, its size
// or one of its times is another one.
func Sum(path, memo string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	is := identity(info)
	if b, err := durable.Read(memo, maxMemo); err == nil && is != "" {
		if sum, ok := strings.CutPrefix(string(b), is+" "); ok && len(sum) == 2*sha256.Size {
			return sum, nil
		}
	}
	sum, _, err := safefile.Sum(path)
	if err == nil && is != "" {
		_ = durable.Writer{NoSync: true}.Replace(memo, []byte(is+" "+sum), nil) // it is only faster with it
	}
	return sum, err
}

// identity changes with the content of a file: nothing sets the time of its last change but a change.
func identity(info os.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d %d %d.%09d %d.%09d", st.Ino, st.Size, st.Mtim.Sec, st.Mtim.Nsec, st.Ctim.Sec, st.Ctim.Nsec)
}
