package source

import (
	"crypto/sha256"
	"fmt"
	"os"
	"syscall"

	"assay/api/v1alpha1"
)

// content is what paths held at one moment.
type content struct {
	files []v1alpha1.File
	err   error
	sum   string // tells two contents, or two failures, apart
	stamp string // differs also when a file was written again with the same content
}

func readContent(paths []string) content {
	files, err := readAll(paths, nil)
	c := content{files: files, err: err, sum: sumOf(files, err)}
	h := sha256.New()
	h.Write([]byte(c.sum))
	for _, f := range files { // after the content: a write between the two shows at the next comparison
		if info, err := os.Stat(f.Name); err == nil {
			inode := uint64(0)
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				inode = st.Ino
			}
			fmt.Fprintf(h, "%d %d %d\x00", info.ModTime().UnixNano(), info.Size(), inode)
		}
	}
	c.stamp = string(h.Sum(nil))
	return c
}

// sumOf tells two contents, or two failures, apart.
func sumOf(files []v1alpha1.File, err error) string {
	h := sha256.New()
	fmt.Fprintf(h, "%v\x00", err)
	for _, f := range files {
		fmt.Fprintf(h, "%s\x00%d\x00%s", f.Name, len(f.Data), f.Data)
	}
	return string(h.Sum(nil))
}
