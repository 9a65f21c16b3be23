package doctor

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"assay/drivers/durable"
	"assay/drivers/listen"
)

const meetFor = 10 * time.Second

// place is where the first node listens, and what a caller has to say there.
type place struct {
	Node      string   `json:"node"`
	Addresses []string `json:"addresses"`
	Word      string   `json:"word"`
}

// await opens a port on this node. The function that it returns waits until another node has said the word there, or not.
func await(ctx context.Context, dir, node string) (met func()) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		return func() {}
	}
	p := place{Node: node, Word: rand.Text()}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	if name, err := os.Hostname(); err == nil {
		p.Addresses = append(p.Addresses, net.JoinHostPort(name, port))
	}
	all, _ := net.InterfaceAddrs() // the name may do
	for _, a := range all {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() {
			p.Addresses = append(p.Addresses, net.JoinHostPort(ip.IP.String(), port))
		}
	}
	if err := (durable.Writer{NoSync: true}).ReplaceRecord(filepath.Join(dir, meetFile), p, nil); err != nil {
		_ = l.Close()
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil || greet(c, p.Word) {
				return
			}
		}
	}()
	return func() {
		select {
		case <-done:
		case <-ctx.Done():
		case <-time.After(meetFor):
		}
		_ = l.Close()
	}
}

// greet answers a caller that says the word with it. Strangers get nothing.
func greet(c net.Conn, word string) bool {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Second))
	said := make([]byte, len(word))
	if _, err := io.ReadFull(c, said); err != nil || !listen.Same(string(said), word) {
		return false
	}
	_, err := c.Write(said)
	return err == nil
}

// connect says the word to the first node.
func connect(ctx context.Context, dir string) Answer {
	a := Answer{Asked: true}
	began := time.Now()
	var p place
	for durable.ReadRecord(filepath.Join(dir, meetFile), &p) != nil {
		if time.Since(began) > meetFor {
			a.Text = "the first node did not say where it listens"
			return a
		}
		time.Sleep(glance)
	}
	var d net.Dialer
	for _, address := range p.Addresses {
		began := time.Now()
		dialing, cancel := context.WithTimeout(ctx, 3*time.Second)
		c, err := d.DialContext(dialing, "tcp", address)
		cancel()
		if err == nil {
			_ = c.SetDeadline(time.Now().Add(3 * time.Second))
			said := make([]byte, len(p.Word))
			if _, err = io.WriteString(c, p.Word); err == nil {
				_, err = io.ReadFull(c, said)
			}
			_ = c.Close()
		}
		if err == nil {
			a.OK, a.Text, a.Took = true, fmt.Sprintf("%s (%s)", p.Node, address), time.Since(began)
			return a
		}
		a.Text = line(err.Error())
	}
	return a
}
