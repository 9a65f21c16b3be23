package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

const meetFor = time.Minute

// gather waits until all other ranks have joined, and tells when one of them is lost.
func gather(ctx context.Context, address string, others int, lost chan<- error) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer l.Close()
	if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(meetFor)); err != nil {
		return err
	}
	for joined := range others {
		c, err := l.Accept()
		if err != nil {
			return fmt.Errorf("%d of %d ranks have joined: %w", joined, others, err)
		}
		go func() {
			_, _ = io.Copy(io.Discard, c) // until the rank ends
			lost <- fmt.Errorf("the connection of %s is closed", c.RemoteAddr())
		}()
	}
	return nil
}

// join is a rank that serves nobody itself: it stays for as long as rank 0 does.
func join(ctx context.Context, address, rank string) error {
	deadline := time.Now().Add(meetFor)
	for {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			fmt.Fprintf(os.Stderr, "rank %s has joined %s\n", rank, address)
			stop := context.AfterFunc(ctx, func() { _ = c.Close() })
			defer stop()
			_, _ = io.Copy(io.Discard, c)
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("rank 0 at %s has ended", address)
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}
