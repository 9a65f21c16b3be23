package suite

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Pacer sleeps with the kernel's precision. time.Sleep waits in the poller with a granularity of a millisecond, half of
// which it is late at the median; a timerfd ends the same wait on time. (A thread that sleeps in a system call is as
// exact, but holds its P of Go's scheduler meanwhile, up to 10 ms, and so delays other goroutines.)
type Pacer struct {
	fd   int
	file *os.File // the same, known to the poller
}

// NewPacer makes a timer; Close it.
func NewPacer() (*Pacer, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making a timer: %w", err)
	}
	return &Pacer{fd: fd, file: os.NewFile(uintptr(fd), "timerfd")}, nil
}

// Pause sleeps for d, which is above 0.
func (p *Pacer) Pause(d time.Duration) error {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	if err := unix.TimerfdSettime(p.fd, 0, &spec, nil); err != nil {
		return fmt.Errorf("setting a timer: %w", err)
	}
	var expirations [8]byte
	if _, err := p.file.Read(expirations[:]); err != nil {
		return fmt.Errorf("waiting for a timer: %w", err)
	}
	return nil
}

// Close gives the timer back.
func (p *Pacer) Close() { p.file.Close() }
