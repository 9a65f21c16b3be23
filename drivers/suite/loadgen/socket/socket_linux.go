package socket

import (
	"encoding/binary"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Monotonic is CLOCK_MONOTONIC, by which a server on the same host can be compared.
func Monotonic() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return time.Duration(ts.Nano())
}

// Receiver reads sockets together with the kernel's stamps.
type Receiver struct {
	buf     [64 << 10]byte
	control [128]byte
	iov     unix.Iovec
	msg     unix.Msghdr
}

// NewReceiver makes one with a buffer of its own.
func NewReceiver() *Receiver {
	r := &Receiver{}
	r.iov.Base = &r.buf[0]
	r.iov.SetLen(len(r.buf))
	r.msg.Iov, r.msg.Control = &r.iov, &r.control[0]
	r.msg.SetIovlen(1)
	return r
}

// Stamped asks the kernel for the arrival of what is read from a socket, counted since 1970.
func Stamped(fd int) error {
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPING, unix.SOF_TIMESTAMPING_RX_SOFTWARE|unix.SOF_TIMESTAMPING_SOFTWARE)
}

// Read never waits. The stamp is that of the last packet in the piece, 0 when the kernel gave none. The piece holds
// until the next read.
func (r *Receiver) Read(fd int) (piece []byte, stamp time.Duration, err error) {
	r.msg.SetControllen(len(r.control))
	n, _, errno := unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.msg)), unix.MSG_DONTWAIT)
	if errno != 0 {
		return nil, 0, errno
	}
	return r.buf[:n], r.stamp(), nil
}

// stamp finds the first of the three times of SCM_TIMESTAMPING, the software's.
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

// Wait is epoll_wait without a limit, for a thread that has been given a P of its own (Own): Go's scheduler is not told
// that the thread sleeps. If it were, it would take the P away twenty microseconds later, wake another thread to look for
// work, and go on watching that often: a third of a client's CPU time. A collection or a preemption interrupts the wait by
// a signal, which is no error.
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

// Own lets so many threads Wait while everything else still finds a P to run on. Call back to undo it.
func Own(threads int) (back func()) {
	before := runtime.GOMAXPROCS(0)
	if before > threads {
		return func() {}
	}
	runtime.GOMAXPROCS(threads + 1)
	return func() { runtime.GOMAXPROCS(before) }
}
