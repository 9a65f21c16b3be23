//go:build linux

package wire

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/suite/loadgen/socket"
	"assay/drivers/suite/selfwatch"
)

func newLoop(e *Engine) (*loop, error) {
	l := &loop{engine: e, epoll: -1, timer: -1, clock: socket.NewClock(), recv: socket.NewReceiver(), conns: map[int]*conn{}, idle: make([][]*conn, len(e.addresses))}
	var err error
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if l.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		l.close()
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(l.timer)}
	if err = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, l.timer, &event); err != nil {
		l.close()
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	return l, nil
}

func (l *loop) close() {
	for _, c := range l.conns {
		unix.Close(c.fd)
	}
	for _, fd := range []int{l.timer, l.epoll} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	l.conns, l.timer, l.epoll = nil, -1, -1
}

// wait waits for events from now until the given time, and returns when it has handled the first ones. No wait is longer than
// the tick of a stall clock: the end of the context is noticed, and so is a stall.
func (l *loop) wait(now, until time.Duration) error {
	n, back, err := l.sleep(now, until)
	if err != nil {
		return err
	}
	for _, event := range l.events[:n] {
		if int(event.Fd) == l.timer {
			var b [8]byte
			_, _ = unix.Read(l.timer, b[:]) // or epoll would report it again
			if l.armed > 0 {                // else it was set before events gathered, and nobody waited for it
				l.watch.late.Late(max(0, back-l.armed), selfwatch.Tick)
			}
			l.armed = 0
			continue
		}
		if c := l.conns[int(event.Fd)]; c != nil {
			l.handle(c, event.Events)
		}
	}
	l.crowd.saw(back)
	return nil
}

// sleep waits for events and returns how many there are. Where they come fast it lets them gather.
func (l *loop) sleep(now, until time.Duration) (n int, back time.Duration, err error) {
	if pause := l.crowd.pause(l.Bound > 0); pause > 0 {
		l.armed = 0
		pause += l.watch.back
		if until = min(until, pause); until > now {
			socket.Sleep(until)
			back, _ = l.clock.Now()
			l.watch.late.Late(max(0, back-until), selfwatch.Tick)
			l.crowd.slept(back - until)
			if back < pause { // a request is due
				return 0, back, nil
			}
		}
		n, err = socket.Look(l.epoll, l.events[:])
		back, _ = l.clock.Now()
		l.watch.gathered(back, n == len(l.events))
		return n, back, err
	}
	if err := l.arm(until); err != nil {
		return 0, 0, err
	}
	n, err = socket.Wait(l.epoll, l.events[:])
	back, _ = l.clock.Now()
	l.watch.woke(now, back, l.armed, n == len(l.events))
	return n, back, err
}

// arm sets the timer, unless it goes off early enough already.
func (l *loop) arm(until time.Duration) error {
	if l.armed > 0 && l.armed <= until {
		return nil
	}
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(1, until)))}
	if err := unix.TimerfdSettime(l.timer, unix.TFD_TIMER_ABSTIME, &spec, nil); err != nil {
		return os.NewSyscallError("timerfd_settime", err)
	}
	l.armed = until
	return nil
}
