package edit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"assay/drivers/safefile"
)

// maxText bounds what is read of a file that an editor saved, bytes.
const maxText = 8 << 20

// ErrInvalid means that what was saved last is not valid, and was not changed any more.
var ErrInvalid = errors.New("edit cancelled: what was saved is not valid")

// Session is one edit.
type Session struct {
	Name   string // of the file
	Header string
	Text   string
	Open   func(ctx context.Context, file string) error
	Check  func(text []byte) error // what is wrong with a text, a line each; nil: it can be applied
	file   string
}

// Run opens the text until it is valid. Changed is false when it was saved as it was, or empty. Close removes the file.
func (s *Session) Run(ctx context.Context) (text []byte, changed bool, err error) {
	dir, err := os.MkdirTemp("", "assay-edit-")
	if err != nil {
		return nil, false, fmt.Errorf("making a folder for the editor: %w", err)
	}
	s.file = filepath.Join(dir, s.Name)
	header, before := s.Header, s.Text
	for {
		if err := s.write(commented(header, before)); err != nil {
			return nil, false, err
		}
		if err := s.Open(ctx, s.file); err != nil {
			return nil, false, err
		}
		saved, err := s.read()
		if err != nil {
			return nil, false, err
		}
		switch body := uncommented(saved); {
		case strings.TrimSpace(body) == "", body == s.Text:
			return nil, false, nil
		case body == before: // it was opened again for its mistakes
			return nil, false, fmt.Errorf("%w; it is kept in %s", ErrInvalid, s.Keep())
		default:
			before = body
		}
		problem := s.Check([]byte(before))
		if problem == nil {
			return []byte(before), true, nil
		}
		above := strings.Count(s.mistakes(problem), "\n") + 1
		header = s.mistakes(s.Check([]byte(strings.Repeat("#\n", above) + before))) // with the lines as they will be
	}
}

// mistakes is the header of a text that is opened again.
func (s *Session) mistakes(problem error) string {
	return "It cannot be applied like this:\n" + problem.Error() + "\n" + s.Header
}

// Keep leaves the file where it is, and says where.
func (s *Session) Keep() string {
	file := s.file
	s.file = ""
	return file
}

// Close removes the file, unless it is kept.
func (s *Session) Close() {
	if s.file == "" {
		return
	}
	dir := filepath.Dir(s.file)
	if f, err := safefile.OpenAny(filepath.Dir(dir)); err == nil { // what stays the system cleans with its temporary folder
		_, _ = f.Remove(context.Background(), filepath.Base(dir))
		f.Close()
	}
}

func (s *Session) write(text string) error {
	f, err := os.OpenFile(s.file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("writing the file for the editor: %w", err)
	}
	return nil
}

func (s *Session) read() (string, error) {
	f, err := os.Open(s.file)
	if err != nil {
		return "", fmt.Errorf("reading what the editor saved: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxText))
	if err != nil {
		return "", fmt.Errorf("reading what the editor saved: %w", err)
	}
	return string(b), nil
}
