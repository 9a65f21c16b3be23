package remote

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// missingWord begins the line that says that assay is not at the site, and what system that has.
const missingWord = "assay-is-not-here"

// installWithin bounds the copy: 20 MB over a slow line.
const installWithin = 30 * time.Minute

// folder is where assay lies at the site. Scripts are for any login shell: one word in single quotes, for sh.
const folder = `umask 077; case "$XDG_CACHE_HOME" in /*) d=$XDG_CACHE_HOME;; *) d=$HOME/.cache;; esac; d=$d/assay/remote; `

// beginScript runs the assay of that hash. The program itself checks that it is the one (Verify).
func beginScript(sum string) string {
	return `sh -c '` + folder + `test -x "$d/` + sum + `" && exec "$d/` + sum + `" remote-serve ` + sum + `; echo ` + missingWord + ` $(uname -s) $(uname -m) >&2; exit 127'`
}

// installScript takes assay from standard input, compressed, gives it its name only when it has that hash, and removes versions
// that came more than 90 days ago.
func installScript(sum string) string {
	return `sh -c '` + folder + `mkdir -p "$d" && chmod 700 "$d" && t=$(mktemp "$d/.new.XXXXXX") || exit 1; ` +
		`gzip -dc >"$t" && s=$(sha256sum <"$t") && test "${s%% *}" = ` + sum + ` && chmod 500 "$t" && mv -f "$t" "$d/` + sum + `" || { rm -f "$t"; echo "the copy is not whole" >&2; exit 1; }; ` +
		`find "$d" -type f -mtime +90 -exec rm -f {} +; exit 0'`
}

// damaged says what system the site has when the copy there is not whole, so that it cannot say so itself; else it is empty.
func (s ssh) damaged(ctx context.Context, env []string, sum string) string {
	ctx, cancel := context.WithTimeout(ctx, beginWithin)
	defer cancel()
	cmd := s.command(ctx, env, s.argv([]string{"-n", "-o", "BatchMode=yes"}, `sh -c '`+folder+`s=$(sha256sum <"$d/`+sum+`") && test "${s%% *}" = `+sum+` || echo `+missingWord+` $(uname -s) $(uname -m) >&2'`))
	said := newTail()
	cmd.Stderr = said
	_ = cmd.Run() // what matters is what it says
	system, _ := said.after(missingWord)
	return system
}

// machines are the words of uname -m for Go's.
var machines = map[string]string{"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "ppc64le": "ppc64le", "riscv64": "riscv64", "s390x": "s390x"}

// fits refuses to copy a program to a system that cannot run it. System is what uname -s -m says there.
func fits(host, system, goos, goarch string) error {
	kernel, machine, _ := strings.Cut(system, " ")
	arch := machines[machine]
	if strings.EqualFold(kernel, goos) && arch == goarch {
		return nil
	}
	if !strings.EqualFold(kernel, "linux") || arch == "" {
		return fmt.Errorf("%w: %s is a %s, for which there is no assay", ErrConnect, host, system)
	}
	return fmt.Errorf(`%w: %s is a %s, and this assay is for %s/%s. Build one for it and say where that is:
  GOOS=linux GOARCH=%s CGO_ENABLED=0 go build -o assay-linux-%[6]s ./cmd/assay
  assay context delete NAME; assay context add NAME --ssh … --binary assay-linux-%[6]s`, ErrConnect, host, system, goos, goarch, arch)
}

// install copies the program to the site.
func (s ssh) install(ctx context.Context, env []string, o Options, sum, system string) error {
	if o.Context.Binary == "" {
		if err := fits(s.Host, system, runtime.GOOS, runtime.GOARCH); err != nil {
			return err
		}
	}
	f, err := os.Open(o.Binary)
	if err != nil {
		return fmt.Errorf("reading assay's own binary: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("reading assay's own binary: %w", err)
	}
	o.Note("Copying assay to %s (%d MiB before compression); this is done once for each version.", s.Host, info.Size()>>20)
	ctx, cancel := context.WithTimeout(ctx, installWithin)
	defer cancel()
	cmd := s.command(ctx, env, s.argv([]string{"-o", "BatchMode=yes"}, installScript(sum)))
	said := newTail()
	cmd.Stderr = said
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("%w: starting ssh: %w", ErrConnect, err)
	}
	z, _ := gzip.NewWriterLevel(in, gzip.BestSpeed) // the level is one
	_, sent := io.Copy(z, f)
	sent = errors.Join(sent, z.Close(), in.Close())
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: copying assay to %s: %w%s", ErrConnect, s.Host, err, said.suffix())
	}
	if sent != nil {
		return fmt.Errorf("%w: copying assay to %s: %w", ErrConnect, s.Host, sent)
	}
	return nil
}

// Verify is nil when the program that runs is the one of that hash. Its error has the laptop copy it anew.
func Verify(sum string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding assay's own binary: %w", err)
	}
	got, err := Sum(self, self+".sum")
	if err == nil && got != sum {
		err = fmt.Errorf("%s Linux %s\nassay at the site is damaged: its hash is %s", missingWord, runtime.GOARCH, got)
	}
	return err
}
