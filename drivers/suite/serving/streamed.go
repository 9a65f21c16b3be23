package serving

import (
	"bufio"
	"errors"
	"io"

	"assay/drivers/durable"
)

// filePiece is how much of a file is written at once, in bytes.
const filePiece = 256 << 10

// syncEvery is after how many bytes a file is made durable while it is still written, so that little is left at its end.
const syncEvery = 8 << 20

// streamed is a file that is written piece by piece, and has its name once it has ended. One that is left has none.
type streamed struct {
	*bufio.Writer
	pipe *io.PipeWriter
	done chan error
}

var errLeft = errors.New("the file was left before its end")

func stream(path string) *streamed {
	r, w := io.Pipe()
	s := &streamed{bufio.NewWriterSize(w, filePiece), w, make(chan error, 1)}
	go func() {
		err := durable.Writer{}.Stream(path, 0o600, func(f io.Writer) error { return copySynced(f, r) })
		_ = r.CloseWithError(err) // who still writes is told
		s.done <- err
	}()
	return s
}

func copySynced(f io.Writer, r io.Reader) error {
	buf, unsynced := make([]byte, filePiece), 0
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if _, err := f.Write(buf[:n]); err != nil {
				return err
			}
		}
		if unsynced += n; unsynced >= syncEvery {
			unsynced = 0
			if file, ok := f.(interface{ Sync() error }); ok {
				if err := file.Sync(); err != nil {
					return err
				}
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// end gives the file its name. It is called once.
func (s *streamed) end() error {
	err := s.Flush()
	_ = s.pipe.CloseWithError(err) // nil: the end
	return errors.Join(err, <-s.done)
}

// leave leaves no file.
func (s *streamed) leave() {
	_ = s.pipe.CloseWithError(errLeft)
	<-s.done
}
