package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const dial = 5 * time.Second

func ray(args []string) error {
	bare := map[string]bool{"--head": true, "--block": true, "--disable-usage-stats": true}
	f := map[string]string{}
	var rest []string
	for _, a := range args {
		if bare[a] {
			f[strings.TrimPrefix(a, "--")] = "true"
		} else {
			rest = append(rest, a)
		}
	}
	values, words := flags(rest)
	switch {
	case values["version"] != "":
		fmt.Println("ray, version 2.52.1 (stand-in)")
		return nil
	case len(words) > 0 && words[0] == "status":
		return status(values["address"])
	case len(words) > 0 && words[0] == "start" && f["head"] != "":
		return head(values["port"], number(values["num-gpus"]))
	case len(words) > 0 && words[0] == "start":
		return worker(values["address"], number(values["num-gpus"]))
	}
	return fmt.Errorf("unknown command: ray %s", strings.Join(args, " "))
}

// token is what the parts of a cluster prove themselves by, as Ray's do from 2.52 on; empty when they ask for nothing. It has no
// white space.
func token() string {
	if os.Getenv("RAY_AUTH_MODE") != "token" {
		return ""
	}
	return os.Getenv("RAY_AUTH_TOKEN")
}

func number(s string) int {
	n, _ := strconv.Atoi(s) // what is not given is none
	return n
}

// cluster is what a head knows: itself, and the workers whose connections stand.
type cluster struct {
	mu   sync.Mutex
	gpus map[net.Conn]int
	own  int
}

func head(port string, gpus int) error {
	l, err := net.Listen("tcp", ":"+port)
	if err != nil {
		return fmt.Errorf("the GCS server cannot listen on port %s: %w", port, err)
	}
	fmt.Printf("Ray runtime started (stand-in). GCS port %s, %d GPUs\n", port, gpus)
	c := &cluster{gpus: map[net.Conn]int{}, own: gpus}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go c.serve(conn)
	}
}

// serve answers one connection: a worker's stays, a question's ends.
func (c *cluster) serve(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(dial))
	line, err := bufio.NewReader(io.LimitReader(conn, 1<<10)).ReadString('\n')
	if err != nil {
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	line, ok := strings.CutPrefix(line, token()+" ")
	if !ok {
		fmt.Fprintln(conn, "UNAUTHENTICATED: InvalidAuthToken")
		return
	}
	if gpus, ok := strings.CutPrefix(strings.TrimSpace(line), "join "); ok {
		c.mu.Lock()
		c.gpus[conn] = number(gpus)
		c.mu.Unlock()
		fmt.Printf("a worker with %s GPUs joined from %s\n", gpus, conn.RemoteAddr())
		_, _ = io.Copy(io.Discard, conn) // until it is gone
		c.mu.Lock()
		delete(c.gpus, conn)
		c.mu.Unlock()
		fmt.Printf("the worker at %s is gone\n", conn.RemoteAddr())
		return
	}
	fmt.Fprint(conn, c.text())
}

// text is in the form of Ray 2.48.
func (c *cluster) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	b.WriteString("======== Autoscaler status: stand-in ========\nNode status\n---------------------------------------------------------------\nActive:\n 1 node_head\n")
	total := c.own
	for _, gpus := range c.gpus {
		b.WriteString(" 1 node_worker\n")
		total += gpus
	}
	fmt.Fprintf(&b, "Pending:\n (no pending nodes)\nRecent failures:\n (no failures)\n\nResources\n---------------------------------------------------------------\nTotal Usage:\n 0.0/%d.0 GPU\n", total)
	return b.String()
}

// worker joins, and ends when the head does. Like Ray's, it tries for a while to reach the head.
func worker(address string, gpus int) error {
	var conn net.Conn
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if conn, err = net.DialTimeout("tcp", address, dial); err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("failed to connect to the GCS at %s: %w", address, err)
	}
	fmt.Fprintf(conn, "%s join %d\n", token(), gpus)
	node, _ := os.Hostname()
	fmt.Printf("Ray runtime started (stand-in) on %s, task %s: joined %s\n", node, os.Getenv("SLURM_PROCID"), address)
	answer, _ := io.ReadAll(io.LimitReader(conn, 1<<10)) // a head that takes a worker says nothing to it
	if len(answer) > 0 {
		return errors.New(strings.TrimSpace(string(answer)))
	}
	return errors.New("the head is gone")
}

// ask is a head's answer to a question.
func ask(address string) (string, error) {
	conn, err := net.DialTimeout("tcp", address, dial)
	if err != nil {
		return "", fmt.Errorf("timed out while waiting for the GCS to become available: %w", err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(dial))
	fmt.Fprintln(conn, token()+" status")
	b, err := io.ReadAll(io.LimitReader(conn, 1<<20))
	if err == nil && strings.HasPrefix(string(b), "UNAUTHENTICATED") {
		err = errors.New(strings.TrimSpace(string(b)))
	}
	return string(b), err
}

func status(address string) error {
	text, err := ask(address)
	if err != nil {
		return err
	}
	fmt.Print(text)
	return nil
}
