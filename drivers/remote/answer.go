package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"sync"

	"assay/drivers/durable"
	"assay/drivers/safefile"
)

// answerer does what the site may ask of a laptop, and nothing else.
type answerer struct {
	Laptop
	w    *writer
	post func(*http.Request) (*http.Response, error)
	ctx  context.Context // ends with Run

	mu    sync.Mutex
	files map[string]string // hash -> path, of what was offered
	ports []net.Listener

	saving *saving
}

// saving is a file that is being written.
type saving struct {
	to   *io.PipeWriter
	done chan error
}

func (a *answerer) offered(f File) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.files == nil {
		a.files = map[string]string{}
	}
	a.files[f.Sum] = f.Path
}

func (a *answerer) obey(k kind, b []byte) error {
	switch k {
	case kindOut:
		_, err := a.Out.Write(b)
		return err
	case kindErr:
		_, err := a.Err.Write(b)
		return err
	case kindWant:
		go a.input()
		return nil
	case kindNeed:
		n, err := parse[need](k, b)
		if err == nil {
			go a.sendFile(n.Sum)
		}
		return err
	case kindAskPorts:
		ask, err := parse[askPorts](k, b)
		if err == nil {
			return a.w.sendJSON(kindPorts, a.open(ask))
		}
		return err
	}
	return a.save(k, b)
}

// input reads once from standard input.
func (a *answerer) input() {
	b := make([]byte, chunk)
	n, err := a.In.Read(b)
	in := input{Data: b[:n], End: err == io.EOF}
	if err != nil && err != io.EOF {
		in.Error = err.Error()
	}
	_ = a.w.sendJSON(kindInput, in) // what comes back tells of an error
}

// sendFile sends a file that was offered. That the site gets another content, or none, it finds out itself.
func (a *answerer) sendFile(sum string) {
	a.mu.Lock()
	path, ok := a.files[sum]
	a.mu.Unlock()
	var body io.Reader = http.NoBody
	if ok {
		if f, err := safefile.Open(path); err == nil {
			defer f.Close()
			body = f
		}
	}
	r, err := http.NewRequestWithContext(a.ctx, http.MethodPost, "http://site/file/"+sum, io.NopCloser(body))
	if !ok || !isSum(sum) || err != nil {
		return
	}
	if resp, err := a.post(r); err == nil {
		_ = resp.Body.Close()
	}
}

// save obeys the frames of a file that is saved.
func (a *answerer) save(k kind, b []byte) error {
	switch {
	case k == kindSave && a.saving == nil:
		s, err := parse[save](k, b)
		if err == nil {
			a.saving = a.begin(s.Name)
		}
		return err
	case k == kindData && a.saving != nil:
		_, _ = a.saving.to.Write(b) // that it was not taken shows at the end
		return nil
	case k == kindSaveEnd && a.saving != nil:
		e, err := parse[ended](k, b)
		if err != nil {
			return err
		}
		e, err = ended{}, a.stopSaving(e.err())
		if err != nil {
			e = ended{Error: err.Error(), Taken: errors.Is(err, fs.ErrExist)}
		}
		return a.w.sendJSON(kindSaved, e)
	}
	return fmt.Errorf("assay at the site sent a frame %q out of turn", byte(k))
}

// begin writes a file, whole or not at all, under a name that was typed here.
func (a *answerer) begin(name string) *saving {
	r, w := io.Pipe()
	s := &saving{w, make(chan error, 1)}
	write := durable.Writer{}.StreamNew
	if a.Replaces {
		write = durable.Writer{}.Stream
	}
	go func() {
		err := fmt.Errorf("%s is no file that this command was told to write", name)
		if slices.Contains(a.Saves, name) {
			err = write(name, 0o600, func(to io.Writer) error {
				_, err := io.Copy(to, r)
				return err
			})
		}
		_ = r.CloseWithError(err) // what still comes is not taken
		s.done <- err
	}()
	return s
}

// stopSaving ends the file that is being written, if there is one; with an error nothing is kept of it.
func (a *answerer) stopSaving(broken error) error {
	s := a.saving
	if s == nil {
		return nil
	}
	a.saving = nil
	_ = s.to.CloseWithError(broken) // nil is the end
	return <-s.done
}
