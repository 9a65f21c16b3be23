//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"assay/drivers/suite/loadgen/socket"
)

// relay is the least that can stand between a client and a server: one thread that copies what comes on a connection to
// another one, and knows nothing of HTTP. What it adds is the floor for a gateway on the same cores: two more ways through the
// loopback, and the kernel's decision when a third process runs beside two that want both cores.
type relay struct {
	epoll, listener int
	server          unix.Sockaddr
	other           map[int]int // the connection behind each one
	recv            *socket.Receiver
}

// serveRelay relays to a server at an address of 127.0.0.1, and prints its own address.
func serveRelay(ctx context.Context, server string) error {
	to, err := net.ResolveTCPAddr("tcp4", server)
	if err != nil {
		return err
	}
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	defer l.Close()
	file, err := l.File()
	if err != nil {
		return err
	}
	defer file.Close()
	r := &relay{listener: int(file.Fd()), server: &unix.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())}, other: map[int]int{}, recv: socket.NewReceiver()}
	if err := unix.SetNonblock(r.listener, true); err != nil {
		return err
	}
	if r.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if err := r.watch(r.listener); err != nil {
		return err
	}
	fmt.Println(l.Addr())
	runtime.LockOSThread()
	defer socket.Own(1)()
	defer socket.Prompt(true)()
	var events [256]unix.EpollEvent
	for ctx.Err() == nil {
		n, err := socket.Wait(r.epoll, events[:])
		if err != nil {
			return err
		}
		for _, e := range events[:n] {
			if int(e.Fd) == r.listener {
				r.accept()
			} else {
				r.pass(int(e.Fd))
			}
		}
	}
	return nil
}

func (r *relay) watch(fd int) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(r.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}))
}

// accept takes a connection and makes the one behind it; a client whose connection fails is seen to fail.
func (r *relay) accept() {
	fd, _, err := unix.Accept4(r.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if err != nil {
		return
	}
	behind, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.Connect(behind, r.server)
	}
	r.other[fd], r.other[behind] = behind, fd
	for _, fd := range []int{fd, behind} {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		if err == nil {
			err = r.watch(fd)
		}
	}
	if err != nil {
		r.end(fd)
	}
}

// pass copies what has arrived. The other end reads faster than this writes, or the load is too much to measure anything.
func (r *relay) pass(fd int) {
	piece, _, err := r.recv.Read(fd)
	if err == unix.EAGAIN {
		return
	}
	other, ok := r.other[fd]
	if err != nil || len(piece) == 0 || !ok {
		r.end(fd)
		return
	}
	if n, err := unix.Write(other, piece); err != nil || n < len(piece) {
		r.end(fd)
	}
}

func (r *relay) end(fd int) {
	if other, ok := r.other[fd]; ok {
		unix.Close(other)
		unix.Close(fd)
		delete(r.other, fd)
		delete(r.other, other)
	}
}
