package hub

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Endpoint is the hub where HF_ENDPOINT does not name another.
const Endpoint = "https://huggingface.co"

const (
	listFor  = time.Minute
	maxList  = 64 << 20 // bytes of a list of files
	maxFiles = 100_000
)

// Hub is where models are fetched from, and where to.
type Hub struct {
	Endpoint string                        // default Endpoint
	Token    string                        // of the user; may be empty
	Home     string                        // HF_HOME
	Say      func(format string, v ...any) // progress, a line each
	Progress func(done, total int64)       // bytes of the model that is fetched, often; nil: Say tells now and then
	client   *http.Client
}

// file is one file of a model at a commit.
type file struct {
	Name string `json:"rfilename"`
	Size int64  `json:"size"`
	Blob string `json:"blobId"` // Git's hash
	LFS  *struct {
		SHA256 string `json:"sha256"`
		Size   int64  `json:"size"`
	} `json:"lfs"`
}

// hash is what the content has to have, and its size.
func (f file) hash() (sum string, size int64) {
	if f.LFS != nil {
		return f.LFS.SHA256, f.LFS.Size
	}
	return f.Blob, f.Size
}

type listing struct {
	Commit string `json:"sha"`
	Files  []file `json:"siblings"`
}

var (
	repository = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)?$`)
	commitID   = regexp.MustCompile(`^[0-9a-f]{40}$`)
	hashOf     = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
)

// IsModel reports whether a name can be that of a model on a hub, and not a path.
func IsModel(name string) bool { return repository.MatchString(name) && !strings.Contains(name, "..") }

// list asks the hub for the files of a model.
func (h Hub) list(ctx context.Context, model, revision string) (listing, error) {
	ctx, cancel := context.WithTimeout(ctx, listFor)
	defer cancel()
	resp, err := h.get(ctx, "/api/models/"+model+"/revision/"+url.PathEscape(revision)+"?blobs=true", 0)
	if err != nil {
		return listing{}, err
	}
	defer resp.Body.Close()
	var l listing
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxList)).Decode(&l); err != nil {
		return listing{}, fmt.Errorf("reading the list of its files: %w", err)
	}
	return l.checked()
}

// checked refuses what cannot be put into a cache, and leaves out weights that no server reads.
func (l listing) checked() (listing, error) {
	if !commitID.MatchString(l.Commit) || len(l.Files) > maxFiles {
		return l, errors.New("the hub's answer names no commit, or too many files")
	}
	for _, f := range l.Files {
		sum, size := f.hash()
		if !hashOf.MatchString(sum) || size < 0 || f.Name == "" || path.IsAbs(f.Name) || path.Clean(f.Name) != f.Name || f.Name == ".." || strings.HasPrefix(f.Name, "../") || strings.ContainsAny(f.Name, "\x00\\") {
			return l, fmt.Errorf("the hub names a file that cannot be kept: %.100q of %d bytes, hash %.70q", f.Name, size, sum)
		}
	}
	if slices.ContainsFunc(l.Files, func(f file) bool { return path.Ext(f.Name) == ".safetensors" }) {
		l.Files = slices.DeleteFunc(l.Files, func(f file) bool { return slices.Contains(others, path.Ext(f.Name)) })
	}
	return l, nil
}

// others are weights in formats that servers leave aside when there are safetensors.
var others = []string{".bin", ".pt", ".pth", ".h5", ".msgpack", ".onnx", ".ot", ".gguf", ".tflite"}

// get asks the hub for something, from a byte on.
func (h Hub) get(ctx context.Context, at string, from int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, cmp.Or(strings.TrimRight(h.Endpoint, "/"), Endpoint)+at, nil)
	if err != nil {
		return nil, err
	}
	if h.Token != "" {
		req.Header.Set("Authorization", "Bearer "+h.Token) // net/http drops it when another host is named
	}
	if from > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return nil, err
	}
	switch {
	case resp.StatusCode == http.StatusOK, resp.StatusCode == http.StatusPartialContent && from > 0:
		return resp, nil
	}
	resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, fmt.Errorf("the hub answers %s: the model is gated or private, or does not exist; declare a secret HF_TOKEN of its service, and accept the model's terms on its page", resp.Status)
	case http.StatusNotFound:
		return nil, fmt.Errorf("the hub answers %s: correct vllm.model or its revision", resp.Status)
	}
	return nil, fmt.Errorf("the hub answers %s", resp.Status)
}
