package remote

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// portsTried bounds the search for a free port; then the system chooses one.
const portsTried = 1000

// open opens ports of loopback.
func (a *answerer) open(ask askPorts) gotPorts {
	if !a.Ports || len(ask.Ports) > mostPorts {
		return gotPorts{Error: "this command opens no ports here"}
	}
	a.closePorts()
	var all []net.Listener
	var got gotPorts
	for _, wished := range ask.Ports {
		l, err := listenFrom(wished)
		if err != nil {
			got = gotPorts{Error: fmt.Sprintf("opening a port of 127.0.0.1: %v", err)}
			break
		}
		all = append(all, l)
		got.Ports = append(got.Ports, l.Addr().(*net.TCPAddr).Port)
	}
	a.mu.Lock()
	a.ports = all
	a.mu.Unlock()
	if got.Error != "" {
		a.closePorts()
		return got
	}
	for n, l := range all {
		go a.serve(a.Own(l), n)
	}
	return got
}

func (a *answerer) closePorts() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, l := range a.ports {
		_ = l.Close()
	}
	a.ports = nil
}

func listenFrom(port int) (net.Listener, error) {
	if port < 1024 {
		port += 8000 // 80 becomes 8080: lower ones are root's
	}
	for p := max(port, 1024); p < min(port+portsTried, 1<<16); p++ {
		if l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(p))); err == nil {
			return l, nil
		}
	}
	return net.Listen("tcp4", "127.0.0.1:0")
}

// serve passes connections on to stream n of the site, until the listener is closed.
func (a *answerer) serve(l net.Listener, n int) {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			go a.relay(c, n)
		}
	}
}

func (a *answerer) relay(c net.Conn, n int) {
	defer c.Close()
	// The body is not c itself: it would be closed before the answer has come.
	r, err := http.NewRequestWithContext(a.ctx, http.MethodPost, "http://site/stream/"+strconv.Itoa(n), io.NopCloser(c))
	if err != nil {
		return
	}
	resp, err := a.post(r)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		_, _ = io.Copy(c, resp.Body) // how it ended shows as an end
	}
}
