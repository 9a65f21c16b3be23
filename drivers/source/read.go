package source

import (
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

const maxFile = 4 << 20 // bytes of a manifest; far above what a person writes

// Input is what a source delivers: the files, not parsed yet, and their origin.
type Input struct {
	Files  []v1alpha1.File
	Origin drivers.Origin
}

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
// ones left out. When all files lie in one git work tree, the origin names its commit.
func Read(paths []string, stdin io.Reader) (Input, error) {
	files, err := readAll(paths, stdin)
	if err != nil {
		return Input{Origin: Here("apply")}, err
	}
	return Input{files, origin(context.Background(), paths)}, nil
}

// origin says where paths are. Standard input has no commit.
func origin(ctx context.Context, paths []string) drivers.Origin {
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
		commitOf(ctx, places, &o)
	}
	return o
}

func readAll(paths []string, stdin io.Reader) ([]v1alpha1.File, error) {
	var all []v1alpha1.File
	for _, p := range paths {
		var files []v1alpha1.File
		var err error
		if p == "-" {
			var data []byte
			data, err = readLimited(stdin)
			files = []v1alpha1.File{{Name: "<stdin>", Data: data}}
		} else {
			files, err = readPath(p)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the manifest %s: %w", p, err)
		}
		all = append(all, files...)
	}
	return all, nil
}

// readPath reads a file, or the manifests of a folder.
func readPath(path string) ([]v1alpha1.File, error) {
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
		in, err := readFile(f, path)
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
		in, err := readFile(f, p)
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

func readFile(f *os.File, path string) (v1alpha1.File, error) {
	defer f.Close()
	data, err := readLimited(f)
	if err != nil {
		return v1alpha1.File{}, fmt.Errorf("%s: %w", path, err)
	}
	return v1alpha1.File{Name: path, Data: data}, nil
}

func readLimited(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it has more than %d MiB, which is too much for a manifest", maxFile>>20)
	}
	return data, err
}
