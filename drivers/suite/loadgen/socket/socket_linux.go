package socket

import (
	"encoding/binary"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Monotonic is CLOCK_MONOTONIC, which all processes of a host share.
func Monotonic() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return time.Duration(ts.Nano())
}

// Receiver reads sockets together with the kernel's stamps. It is for one goroutine.
type Receiver struct {
	Calls   int // of the kernel so far
	buf     [64 << 10]byte
	control [128]byte
	iov     unix.Iovec
	msg     unix.Msghdr
}

// NewReceiver returns a Receiver with a buffer of 64 KiB.
func NewReceiver() *Receiver {
	r := &Receiver{}
	r.iov.Base = &r.buf[0]
	r.msg.Iov, r.msg.Control = &r.iov, &r.control[0]
	r.msg.SetIovlen(1)
	return r
}

// Stamped makes the kernel stamp what arrives at a socket, by the wall clock.
func Stamped(fd int) error {
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPING, unix.SOF_TIMESTAMPING_RX_SOFTWARE|unix.SOF_TIMESTAMPING_SOFTWARE)
}

// Read reads what has arrived and never waits: EAGAIN when there is nothing. The stamp, since 1970, is that of the last packet in the
// piece, 0 when the kernel gave none. The piece is valid until the next call.
func (r *Receiver) Read(fd int) (piece []byte, stamp time.Duration, err error) {
	return r.receive(fd, len(r.buf), unix.MSG_DONTWAIT)
}

// ReadPart is Read of at most n bytes, at least 1.
func (r *Receiver) ReadPart(fd, n int) (piece []byte, stamp time.Duration, err error) {
	return r.receive(fd, min(n, len(r.buf)), unix.MSG_DONTWAIT)
}

// Peek is what Read would read, and leaves it there.
func (r *Receiver) Peek(fd int) (piece []byte, err error) {
	piece, _, err = r.receive(fd, len(r.buf), unix.MSG_DONTWAIT|unix.MSG_PEEK)
	return piece, err
}

func (r *Receiver) receive(fd, most int, flags uintptr) (piece []byte, stamp time.Duration, err error) {
	r.Calls++
	r.iov.SetLen(most)
	r.msg.SetControllen(len(r.control))
	n, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.msg)), flags)
	if errno != 0 {
		return nil, 0, errno
	}
	return r.buf[:n], r.stamp(), nil
}

// stamp finds the first of the three times of SCM_TIMESTAMPING, that of the software.
func (r *Receiver) stamp() time.Duration {
	const header = unix.SizeofCmsghdr
	rest := r.control[:min(int(r.msg.Controllen), len(r.control))]
	for len(rest) >= header {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&rest[0]))
		size := int(h.Len)
		if size < header || size > len(rest) {
			return 0
		}
		if h.Level == unix.SOL_SOCKET && h.Type == unix.SO_TIMESTAMPING && size >= header+16 {
			s := binary.NativeEndian.Uint64(rest[header:])
			ns := binary.NativeEndian.Uint64(rest[header+8:])
			return time.Duration(s)*time.Second + time.Duration(ns)
		}
		rest = rest[min(len(rest), (size+7)&^7):]
	}
	return 0
}

// Wait is epoll_wait without a time limit, for a thread with a P of its own (see Own). It does not tell Go's scheduler that
// the thread sleeps; otherwise the scheduler would take the P away twenty microseconds later, wake another thread to look
// for work, and go on checking that often: a third of a client's CPU time. A collection or a preemption interrupts the
// wait with a signal; Wait then returns 0 events without an error.
func Wait(fd int, events []unix.EpollEvent) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(fd), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), ^uintptr(0), 0, 0)
	switch errno {
	case 0:
		return int(n), nil
	case unix.EINTR:
		return 0, nil
	}
	return 0, os.NewSyscallError("epoll_pwait", errno)
}

// Look is what Wait would report now.
func Look(fd int, events []unix.EpollEvent) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(fd), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
	if errno != 0 && errno != unix.EINTR {
		return 0, os.NewSyscallError("epoll_pwait", errno)
	}
	return int(n), nil
}

// Sleep waits until a time of CLOCK_MONOTONIC, or for a signal.
func Sleep(until time.Duration) {
	at := unix.NsecToTimespec(int64(until))
	_, _, _ = unix.RawSyscall6(unix.SYS_CLOCK_NANOSLEEP, unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, uintptr(unsafe.Pointer(&at)), 0, 0, 0)
}

// Own raises GOMAXPROCS so that so many threads can Wait while other goroutines still have a P to run on. Call back to
// undo it.
func Own(threads int) (back func()) {
	before := runtime.GOMAXPROCS(0)
	if before > threads {
		return func() {}
	}
	runtime.GOMAXPROCS(threads + 1)
	return func() { runtime.GOMAXPROCS(before) }
}
