package vector

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// largestFile bounds what is read, in bytes.
const largestFile = 64 << 30

// readVectors reads up to limit rows (0: all) of an .fvecs or .npy file.
func readVectors(path string, limit int) (matrix, error) {
	f, err := os.Open(path)
	if err != nil {
		return matrix{}, err
	}
	defer f.Close()
	r := bufio.NewReaderSize(io.LimitReader(f, largestFile), 1<<20)
	var m matrix
	if filepath.Ext(path) == ".npy" {
		m, err = readNumpy(r, limit)
	} else {
		m, err = readFvecs(r, limit)
	}
	if err == nil && m.rows() == 0 {
		err = errors.New("it holds no vectors")
	}
	if err != nil {
		return m, fmt.Errorf("reading %s: %w", path, err)
	}
	return m, nil
}

// readFvecs: every row is its length as int32 and then so many float32, little-endian (corpus-texmex.irisa.fr).
func readFvecs(r io.Reader, limit int) (m matrix, err error) {
	m.dim = 1
	err = eachRow(r, limit, func(n, row int, b []byte) error {
		if row == 0 {
			m.dim = n
		} else if n != m.dim {
			return fmt.Errorf("row %d has %d numbers, the first has %d", row, n, m.dim)
		}
		m.data = appendFloats(m.data, b)
		return nil
	})
	return m, err
}

// readIvecs is the same with int32: the rows nearest to each query.
func readIvecs(path string, limit int) (out [][]int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	err = eachRow(bufio.NewReader(io.LimitReader(f, largestFile)), limit, func(n, _ int, b []byte) error {
		ids := make([]int, n)
		for i := range ids {
			ids[i] = int(int32(binary.LittleEndian.Uint32(b[4*i:])))
		}
		out = append(out, ids)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return out, nil
}

func eachRow(r io.Reader, limit int, f func(n, row int, b []byte) error) error {
	var head [4]byte
	for row := 0; limit == 0 || row < limit; row++ {
		if _, err := io.ReadFull(r, head[:]); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		n := int(int32(binary.LittleEndian.Uint32(head[:])))
		if n < 1 || n > 1<<16 {
			return fmt.Errorf("row %d claims %d numbers", row, n)
		}
		b := make([]byte, 4*n)
		if _, err := io.ReadFull(r, b); err != nil {
			return fmt.Errorf("row %d: %w", row, err)
		}
		if err := f(n, row, b); err != nil {
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

// readNumpy takes NumPy's format, version 1 to 3, of a two-dimensional array of little-endian float32 in C order.
func readNumpy(r io.Reader, limit int) (m matrix, err error) {
	m.dim = 1
	var magic [8]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil || !bytes.HasPrefix(magic[:], []byte("\x93NUMPY")) {
		return m, errors.New("it is no NumPy file")
	}
	size := 2
	if magic[6] > 1 {
		size = 4
	}
	length := make([]byte, 4)
	if _, err := io.ReadFull(r, length[:size]); err != nil {
		return m, err
	}
	head := make([]byte, min(binary.LittleEndian.Uint32(length), 1<<16))
	if _, err := io.ReadFull(r, head); err != nil {
		return m, err
	}
	got := numpyHead.FindSubmatch(head)
	if got == nil || string(got[1]) != "<f4" || string(got[2]) != "False" {
		return m, fmt.Errorf("it holds %.100q: only two-dimensional float32 in C order can be read (array.astype('<f4'))", head)
	}
	rows, _ := strconv.Atoi(string(got[3])) // digits
	if m.dim, _ = strconv.Atoi(string(got[4])); m.dim < 1 || m.dim > 1<<16 {
		m.dim = 1
		return m, fmt.Errorf("its rows have %s numbers", got[4])
	}
	if limit > 0 {
		rows = min(rows, limit)
	}
	row := make([]byte, 4*m.dim)
	for i := range rows {
		if _, err := io.ReadFull(r, row); err != nil {
			return m, fmt.Errorf("row %d: %w", i, err)
		}
		m.data = appendFloats(m.data, row)
	}
	return m, nil
}
