package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
	"assay/drivers/lockfile"
	"assay/drivers/safefile"
)

const (
	pullLimit   = 6 * time.Hour // of one image; the largest have 20 GB
	queryLimit  = time.Minute   // of a question to the runtime
	reportEvery = 10 * time.Second
)

// Puller fetches images to a site.
type Puller struct {
	Site v1alpha1.Site
	Say  func(format string, v ...any) // progress, a line each
	time lockfile.Timing
}

// Pull fetches every image that is missing. It stops at the first that cannot be fetched.
func (p Puller) Pull(ctx context.Context, images []v1alpha1.Image) error {
	if p.time == (lockfile.Timing{}) {
		p.time = lockfile.Usual
	}
	if err := p.runtimeThere(); err != nil {
		return err
	}
	one := p.file
	if p.Site.Spec.Container.Runtime == v1alpha1.RuntimePodman {
		one = p.podman
	} else if err := p.folder(); err != nil {
		return err
	}
	for n, image := range images {
		task := task{image: image, say: func(format string, v ...any) {
			p.Say("image %d of %d  %s  %s", n+1, len(images), strings.TrimPrefix(image.String(), "docker://"), fmt.Sprintf(format, v...))
		}}
		if err := one(ctx, task); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("pulling %s: %w", image, err)
		}
	}
	return nil
}

// task is one image that is fetched.
type task struct {
	image v1alpha1.Image
	say   func(format string, v ...any)
}

// runtimeThere reports early, and for people, that the site's runtime is missing.
func (p Puller) runtimeThere() error {
	name := p.Site.Spec.Container.Runtime
	if name == v1alpha1.RuntimePyxis {
		name = enroot
	}
	_, err := exec.LookPath(name)
	switch {
	case err == nil:
		return nil
	case len(p.Site.Spec.Modules) > 0:
		return fmt.Errorf("site %s runs containers with %s, which is not on PATH here; load the site's modules first: module load %s (on a compute node if this one has no modules)",
			p.Site.Metadata.Name, name, strings.Join(p.Site.Spec.Modules, " "))
	}
	return fmt.Errorf("site %s runs containers with %s, which is not on PATH here; install it, pull on a machine that has it, or write the modules that bring it as modules of the Site",
		p.Site.Metadata.Name, name)
}

func (p Puller) folder() error {
	dir := p.Site.Spec.Container.Images
	if dir == "" {
		return fmt.Errorf("site %s has no image folder; write container.images in its Site", p.Site.Metadata.Name)
	}
	err := safefile.Trusted(dir)
	if err == nil {
		if err := os.MkdirAll(cacheOf(dir), 0o700); err != nil {
			return fmt.Errorf("making the image folder: %w", err)
		}
		err = safefile.Trusted(dir)
	}
	if err != nil {
		return fmt.Errorf("using the image folder: %w; or write another as container.images of the Site: jobs run what is in it, as you", err)
	}
	return nil
}

// cacheOf is where layers are kept, so that an interrupted fetch goes on. Users who share a folder have one each: the
// runtimes make their cache readable by its owner alone.
func cacheOf(images string) string {
	return filepath.Join(images, fmt.Sprintf("cache-%d", os.Getuid()))
}

// file fetches the image's file unless it exists.
func (p Puller) file(ctx context.Context, t task) error {
	file := File(p.Site, t.image)
	if t.image.Path != "" {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("the image is a file of yours: %w; build it, or correct its path", err)
		}
		t.say("there")
		return nil
	}
	there := func() bool { st, err := os.Stat(file); return err == nil && st.Mode().IsRegular() }
	if there() {
		if err := safefile.Trusted(file); err != nil {
			return fmt.Errorf("the image is there, and is not to be trusted: %w; or remove it, and it is fetched again", err)
		}
		t.say("cached")
		return nil
	}
	l, err := lockfile.Acquire(ctx, file+".lock", p.time, there, func(who string) { t.say("waiting for %s, who fetches it", who) })
	if err != nil {
		return err
	}
	if l == nil {
		t.say("cached")
		return nil
	}
	defer l.Release()
	if there() { // the former holder of the lock has finished
		t.say("cached")
		return nil
	}
	return p.fetch(ctx, t, file)
}

// fetch lets the runtime write a folder of ours and renames the result, so that an image is whole or absent.
func (p Puller) fetch(ctx context.Context, t task, file string) error {
	dir := filepath.Dir(file)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("looking for what an earlier fetch left: %w", err)
	}
	for _, old := range entries {
		if strings.HasPrefix(old.Name(), "."+filepath.Base(file)+".") {
			discard(filepath.Join(dir, old.Name()))
		}
	}
	work, err := os.MkdirTemp(dir, "."+filepath.Base(file)+".")
	if err != nil {
		return fmt.Errorf("making a folder for it: %w", err)
	}
	defer discard(work)
	cache, part := cacheOf(dir), filepath.Join(work, "image"+filepath.Ext(file))
	before := size(cache)
	t.say("pulling")
	// Unpacked next to the image, unless the user says where: /tmp is too small for the largest images on many a node.
	from := sourceOf(p.Site.Spec.Container.Runtime)
	scratch, err := os.MkdirTemp(cmp.Or(os.Getenv(from.scratch), work), "assay-")
	if err != nil {
		return fmt.Errorf("making a folder to unpack it in: %w", err)
	}
	defer discard(scratch)
	env := []string{from.cache + "=" + cache, from.scratch + "=" + scratch}
	stop := every(reportEvery, func() { t.say("pulling  %s so far", bytes(max(size(cache)-before, 0)+size(part))) })
	_, err = run(ctx, pullLimit, env, from.command(part, t.image)...)
	stop()
	if err != nil {
		return err
	}
	if err := (durable.Writer{}).Move(part, file); err != nil {
		return fmt.Errorf("putting the image that %s says it has fetched in its place: %w", from.program, err)
	}
	t.say("done  %s", bytes(size(file)))
	return nil
}

// podman fetches the image into podman's store on this machine, unless it is there. Podman does its own locking.
func (p Puller) podman(ctx context.Context, t task) error {
	ref := t.image.Reference()
	_, err := run(ctx, queryLimit, nil, "podman", "image", "exists", ref)
	if err == nil {
		t.say("cached")
		return nil
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 { // 1 is podman's no
		return err
	}
	t.say("pulling")
	began := time.Now()
	stop := every(reportEvery, func() { t.say("pulling for %s", time.Since(began).Round(time.Second)) })
	_, err = run(ctx, pullLimit, nil, "podman", "pull", "--quiet", ref)
	stop()
	if err != nil {
		return err
	}
	t.say("done")
	return nil
}

// every calls f until the returned function is called, and not after it.
func every(d time.Duration, f func()) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			case <-time.After(d):
				f()
			}
		}
	}()
	return func() { close(end); <-ended }
}

// size is how many bytes the files at and below path have. Files that vanish meanwhile do not count.
func size(path string) (n int64) {
	_ = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n
}

// discard removes a folder, even if an unpacked image made parts of it unwritable.
func discard(dir string) {
	_ = safefile.RemoveAll(context.Background(), dir) // the next fetch of this image tries again
}

func bytes(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d bytes", n)
}
