package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/safefile"
)

// Input is what a source delivers: the files, not parsed yet, and their origin.
type Input struct {
	Files  []v1alpha1.File
	Origin drivers.Origin
	// FromGit: it was not typed by the user who reads it. A repository is followed, or git has changed a watched folder.
	FromGit bool
	// Proposed: it is of a pull request, which people write who cannot commit.
	Proposed bool
	Folders  map[string]string // of Folders, when they are another machine's; nil: the files are here
}

// stdinName is the name of standard input in messages.
const stdinName = "<stdin>"

// Here is the origin of what this user does on this host now. Source is a verb: apply, undo, delete, sync or watch.
func Here(source string) drivers.Origin {
	o := drivers.Origin{Source: source, Time: time.Now()}
	o.Host, _ = os.Hostname() // unknown stays empty
	if u, err := user.Current(); err == nil {
		o.User = u.Username
	}
	return o
}

// Read reads files, folders and "-", standard input. Of a folder it reads every *.yaml and *.yml below it in order, hidden
// ones left out. When all files lie in one git work tree, the origin names its commit. It returns when ctx ends, also when a
// file system or standard input does not answer.
func Read(ctx context.Context, paths []string, stdin io.Reader) (Input, error) {
	type result struct {
		in  Input
		err error
	}
	done := make(chan result, 1)
	go func() {
		files, err := readAll(paths, stdin)
		if err != nil {
			done <- result{Input{Origin: Here("apply")}, err}
			return
		}
		done <- result{Input{Files: files, Origin: origin(ctx, paths, files)}, nil}
	}()
	select {
	case r := <-done:
		return r.in, cmp.Or(ctx.Err(), r.err)
	case <-ctx.Done():
		return Input{Origin: Here("apply")}, ctx.Err()
	}
}

// origin says where paths are. Standard input has no commit.
func origin(ctx context.Context, paths []string, files []v1alpha1.File) drivers.Origin {
	o := Here("apply")
	var places []string
	for _, p := range paths {
		if abs, err := filepath.Abs(p); err == nil && p != "-" {
			p = abs
		}
		places = append(places, p)
	}
	o.Path = strings.Join(places, ", ")
	if !slices.Contains(paths, "-") {
		commitOf(ctx, places, files, &o)
	}
	return o
}

func readAll(paths []string, stdin io.Reader) ([]v1alpha1.File, error) {
	var all []v1alpha1.File
	var sum budget
	for _, p := range paths {
		var files []v1alpha1.File
		var err error
		if p == "-" {
			var data []byte
			data, err = readLimited(stdin)
			files = []v1alpha1.File{{Name: stdinName, Data: data}}
		} else {
			files, err = readPath(p, &sum)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the manifest %s: %w", p, err)
		}
		all = append(all, files...)
	}
	return all, nil
}

// readPath reads a file, or the manifests of a folder.
func readPath(path string, sum *budget) ([]v1alpha1.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		f, err := safefile.Open(path)
		if errors.Is(err, safefile.ErrKind) {
			err = fmt.Errorf("%w; what comes out of a pipe is read with: … | assay apply -f -", err)
		}
		if err != nil {
			return nil, err
		}
		in, err := readFile(f, path, sum)
		return []v1alpha1.File{in}, err
	}
	var files []v1alpha1.File
	// The slash at the end makes it walk a link to a folder too.
	root := strings.TrimRight(path, "/") + "/"
	err = filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		hidden := p != root && strings.HasPrefix(e.Name(), ".")
		switch {
		case err != nil:
			return err
		case hidden && e.IsDir():
			return filepath.SkipDir
		case hidden || e.IsDir() || !isManifest(p):
			return nil
		}
		f, err := safefile.OpenIn(root, strings.TrimPrefix(p, root))
		if err != nil {
			return err
		}
		in, err := readFile(f, p, sum)
		files = append(files, in)
		return err
	})
	if err == nil && len(files) == 0 {
		err = errNoManifest
	}
	return files, err
}

var errNoManifest = errors.New("it holds no *.yaml or *.yml file")

func isManifest(name string) bool {
	return !strings.HasPrefix(filepath.Base(name), ".") && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(name))
}

func readFile(f *os.File, path string, sum *budget) (v1alpha1.File, error) {
	defer f.Close()
	data, err := readLimited(f)
	if err == nil {
		err = sum.add(int64(len(data)))
	}
	if err != nil {
		return v1alpha1.File{}, fmt.Errorf("%s: %w", path, err)
	}
	return v1alpha1.File{Name: path, Data: data}, nil
}

// Folders are where relative paths in files count from, by the names of the files: the folder of each, and for standard input
// the one that this process is in.
func Folders(files []v1alpha1.File) map[string]string {
	out := map[string]string{}
	for _, f := range files {
		if abs, err := filepath.Abs(f.Name); err == nil {
			out[f.Name] = filepath.Dir(abs)
		}
	}
	return out
}

func readLimited(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, v1alpha1.MaxFile+1))
	if err == nil && len(data) > v1alpha1.MaxFile {
		err = fmt.Errorf("it has more than %d MiB, which is too much for a manifest", v1alpha1.MaxFile>>20)
	}
	return data, err
}

// budget is what the files of one folder or repository have come to.
type budget struct {
	files int
	bytes int64
}

func (b *budget) add(size int64) error {
	b.files, b.bytes = b.files+1, b.bytes+size
	switch {
	case b.files > v1alpha1.MaxFiles:
		return fmt.Errorf("it holds more than %d manifests, the most that are read at once: name a folder with fewer", v1alpha1.MaxFiles)
	case b.bytes > v1alpha1.MaxManifest:
		return fmt.Errorf("its manifests have more than %d MiB together, the most that is read at once: name a folder with fewer", v1alpha1.MaxManifest>>20)
	}
	return nil
}
