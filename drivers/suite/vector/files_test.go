package vector

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
)

// texmex writes rows as .fvecs or .ivecs.
func texmex[T float32 | int32](t *testing.T, name string, rows ...[]T) string {
	t.Helper()
	var b bytes.Buffer
	for _, row := range rows {
		_ = binary.Write(&b, binary.LittleEndian, int32(len(row)))
		_ = binary.Write(&b, binary.LittleEndian, row)
	}
	return put(t, name, b.Bytes())
}

func put(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// numpy writes what numpy.save does.
func numpy(t *testing.T, descr, order string, rows, dim int, data any) string {
	t.Helper()
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%d, %d), }", descr, order, rows, dim)
	head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
	var b bytes.Buffer
	b.WriteString("\x93NUMPY\x01\x00")
	_ = binary.Write(&b, binary.LittleEndian, uint16(len(head)))
	b.WriteString(head)
	if data != nil {
		_ = binary.Write(&b, binary.LittleEndian, data)
	}
	return put(t, "v.npy", b.Bytes())
}

func TestFiles(t *testing.T) {
	for _, path := range []string{texmex(t, "v.fvecs", []float32{1, 2}, []float32{3, 4}, []float32{5, 6}), numpy(t, "<f4", "False", 3, 2, []float32{1, 2, 3, 4, 5, 6})} {
		for limit, rows := range map[int]int{0: 3, 2: 2, 9: 3} {
			m, err := readVectors(path, limit)
			if err != nil || m.rows() != rows || m.dim != 2 || m.row(1)[1] != 4 {
				t.Errorf("%s, at most %d: %v %v", path, limit, m, err)
			}
		}
	}
	for want, path := range map[string]string{
		"has 2":           texmex(t, "v.fvecs", []float32{1, 2}, []float32{3}),
		"EOF":             put(t, "v.fvecs", []byte{2, 0, 0, 0, 1}),
		"claims":          put(t, "v.fvecs", []byte{255, 255, 255, 255}),
		"no vectors":      put(t, "v.fvecs", nil),
		"not a NumPy":     put(t, "v.npy", []byte("hello, world")),
		"of <f4 in":       numpy(t, "<f8", "False", 1, 2, []float32{1, 2, 3, 4}),
		"in C order":      numpy(t, "<f4", "True", 1, 2, []float32{1, 2}),
		"row 1":           numpy(t, "<f4", "False", 2, 2, []float32{1, 2}),
		"no such file or": "/does/not/exist.npy",
		"number NaN":      texmex(t, "v.fvecs", []float32{1, float32(math.NaN())}),
		"number +Inf":     numpy(t, "<f4", "False", 1, 2, []float32{1, float32(math.Inf(1))}),
		"number 1e+20":    texmex(t, "v.fvecs", []float32{1e20}),
		"row 2 of 922":    numpy(t, "<f4", "False", math.MaxInt64, 2, []float32{1, 2, 3, 4}),
		"its rows have 0": numpy(t, "<f4", "False", 2, 0, nil),
		"header claims":   put(t, "v.npy", []byte("\x93NUMPY\x02\x00\xff\xff\xff\x7f{}")),
		"its header: une": put(t, "v.npy", []byte("\x93NUMPY\x01\x00\x40\x00{}")),
		"its header: EOF": put(t, "v.npy", []byte("\x93NUMPY\x01\x00")),
		"it is a folder":  t.TempDir(),
	} {
		if _, err := readVectors(path, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

func TestTruthFiles(t *testing.T) {
	want := [][]int{{3, 1}, {2, 0}}
	for _, path := range []string{
		texmex(t, "t.ivecs", []int32{3, 1}, []int32{2, 0}, []int32{9, 9}), numpy(t, "<i4", "False", 2, 2, []int32{3, 1, 2, 0}),
		numpy(t, "<i8", "False", 2, 2, []int64{3, 1, 2, 0}),
	} {
		if got, err := readTruth(path, 2); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %v %v", path, got, err)
		}
	}
	if _, err := readTruth(numpy(t, "<f4", "False", 1, 1, []float32{1}), 0); err == nil || !strings.Contains(err.Error(), `astype('<i4')`) {
		t.Errorf("got %v", err)
	}
}

// No file makes the readers panic, or keep more than the file has.
func FuzzFiles(f *testing.F) {
	f.Add([]byte("\x93NUMPY\x01\x00\x50\x00{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 60000), }  \n1234"))
	f.Add([]byte{2, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64, 255, 255, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range []string{"x.fvecs", "x.npy"} {
			path := put(t, name, b)
			if m, err := readVectors(path, 0); err == nil && 4*len(m.data) > len(b) {
				t.Errorf("%d numbers of %d bytes", len(m.data), len(b))
			}
			_, _ = readTruth(path, 0)
		}
	})
}

// A run with vectors, queries and neighbours from files. Neighbours of something else are refused.
func TestRunWithFiles(t *testing.T) {
	rows := [][]float32{{0, 0}, {1, 0}, {0, 3}, {5, 5}}
	for name, truth := range map[string]struct {
		rows   [][]int32
		recall float64
		err    string
	}{
		"right": {[][]int32{{0, 1}, {3, 2}}, 1, ""}, "none": {nil, 1, ""}, "too few": {[][]int32{{0, 1}}, 0, "1 queries"},
		"short": {[][]int32{{0}, {3}}, 0, "topK"}, "outside": {[][]int32{{0, 9}, {3, 2}}, 0, "row 9"},
		"of another set": {[][]int32{{0, 1}, {3, 0}}, 0, "another space"},
	} {
		t.Run(name, func(t *testing.T) {
			v := v1alpha1.Vector{TopK: 2, BatchSize: 3, Concurrency: []int{2}, Space: "l2",
				File: texmex(t, "v.fvecs", rows...), QueryFile: texmex(t, "q.fvecs", []float32{0.1, 0}, []float32{4, 4})}
			if truth.rows != nil {
				v.TruthFile = texmex(t, "t.ivecs", truth.rows...)
			}
			srv := httptest.NewServer(&flawed{maxBatch: 100, base64: true})
			defer srv.Close()
			res, err := run(t, request("r", srv.URL, v))
			if truth.err != "" {
				if err == nil || !strings.Contains(err.Error(), truth.err) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || res.Metrics["recall_at_2"] != truth.recall || res.Metrics["vectors_stored"] != 4 {
				t.Errorf("%v %v", err, res.Metrics)
			}
		})
	}
}
