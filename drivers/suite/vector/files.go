package vector

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"assay/drivers/safefile"
)

const (
	largestFile = 64 << 30 // of vectors that are held, in bytes
	longestRow  = 1 << 16  // in numbers
	longestHead = 1 << 16  // of a NumPy file, in bytes
)

// row is called with each row of a file: its index, how many numbers it has, and these, little-endian. The bytes are valid
// during the call.
type row func(at, numbers int, b []byte) error

// readVectors reads up to limit rows (0: all) of an .fvecs or .npy file.
func readVectors(path string, limit int) (matrix, error) {
	m := matrix{dim: 1}
	err := eachRow(path, limit, []string{"<f4"}, func(at, n int, b []byte) error {
		if at == 0 {
			m.dim = n
		}
		if n != m.dim {
			return fmt.Errorf("row %d has %d numbers, the first has %d", at, n, m.dim)
		}
		if 4*len(m.data) > largestFile {
			return fmt.Errorf("it holds more than %d GiB: lower vectors", largestFile>>30)
		}
		m.data = appendFloats(m.data, b)
		for _, x := range m.data[len(m.data)-n:] {
			if !(math.Abs(float64(x)) < 1e15) { // of 65536 such numbers the squares still add up
				return fmt.Errorf("row %d has the number %g: distances to it cannot be computed", at, x)
			}
		}
		return nil
	})
	if err == nil && m.rows() == 0 {
		err = fmt.Errorf("reading %s: it holds no vectors", path)
	}
	return m, err
}

// readTruth reads up to limit rows of an .ivecs or .npy file: for each query the rows nearest to it.
func readTruth(path string, limit int) (out [][]int, err error) {
	err = eachRow(path, limit, []string{"<i4", "<i8"}, func(_, n int, b []byte) error {
		ids := make([]int, n)
		for i := range ids {
			if len(b) == 8*n {
				ids[i] = int(int64(binary.LittleEndian.Uint64(b[8*i:])))
			} else {
				ids[i] = int(int32(binary.LittleEndian.Uint32(b[4*i:])))
			}
		}
		out = append(out, ids)
		return nil
	})
	return out, err
}

// eachRow calls f for up to limit rows of a file (0: all). types are the element types that a NumPy file can have; the other
// formats do not state theirs.
func eachRow(path string, limit int, types []string, f row) error {
	file, err := safefile.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r := bufio.NewReaderSize(file, 1<<20)
	if filepath.Ext(path) == ".npy" {
		err = numpyRows(r, limit, types, f)
	} else {
		err = texmexRows(r, limit, f)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}

// texmexRows reads rows that are a length as int32 and then so many float32 or int32 (corpus-texmex.irisa.fr).
func texmexRows(r io.Reader, limit int, f row) error {
	var head [4]byte
	var b []byte
	for at := 0; limit == 0 || at < limit; at++ {
		if _, err := io.ReadFull(r, head[:]); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("row %d: %w", at, err)
		}
		n := int(int32(binary.LittleEndian.Uint32(head[:])))
		if n < 1 || n > longestRow {
			return fmt.Errorf("row %d claims %d numbers", at, n)
		}
		b = slices.Grow(b[:0], 4*n)[:4*n]
		if _, err := io.ReadFull(r, b); err != nil {
			return fmt.Errorf("row %d: %w", at, err)
		}
		if err := f(at, n, b); err != nil {
			return err
		}
	}
	return nil
}

func appendFloats(out []float32, b []byte) []float32 {
	for ; len(b) >= 4; b = b[4:] {
		out = append(out, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return out
}

var numpyHead = regexp.MustCompile(`'descr': *'([^']*)'.*'fortran_order': *(True|False).*'shape': *\((\d+), *(\d+)\)`)

// numpyRows takes NumPy's format, version 1 to 3, of a two-dimensional array in C order.
func numpyRows(r io.Reader, limit int, types []string, f row) error {
	head, err := numpyHeader(r)
	if err != nil {
		return err
	}
	got := numpyHead.FindSubmatch(head)
	if got == nil || !slices.Contains(types, string(got[1])) || string(got[2]) != "False" {
		return fmt.Errorf("it holds %.100q: only two dimensions of %s in C order can be read (array.astype('%s'))",
			head, strings.Join(types, " or "), types[0])
	}
	rows, _ := strconv.Atoi(string(got[3])) // digits; too many of them give the largest number
	n, _ := strconv.Atoi(string(got[4]))
	if n < 1 || n > longestRow {
		return fmt.Errorf("its rows have %s numbers", got[4])
	}
	if limit > 0 {
		rows = min(rows, limit)
	}
	b := make([]byte, int(got[1][2]-'0')*n) // the type ends in its size
	for at := range rows {
		if _, err := io.ReadFull(r, b); err != nil {
			return fmt.Errorf("row %d of %d: %w", at, rows, err)
		}
		if err := f(at, n, b); err != nil {
			return err
		}
	}
	return nil
}

func numpyHeader(r io.Reader) ([]byte, error) {
	var magic [8]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil || !bytes.HasPrefix(magic[:], []byte("\x93NUMPY")) {
		return nil, errors.New("it is not a NumPy file")
	}
	size := 2
	if magic[6] > 1 {
		size = 4
	}
	var length [4]byte
	if _, err := io.ReadFull(r, length[:size]); err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > longestHead {
		return nil, fmt.Errorf("its header claims %d bytes", n)
	}
	head := make([]byte, n)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	return head, nil
}
