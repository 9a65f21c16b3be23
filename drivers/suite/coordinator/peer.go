package coordinator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"assay/drivers"
)

// sendWithin bounds the time that a message waits for a peer that does not read.
const sendWithin = 30 * time.Second

// Peer is the other end of a connection. One goroutine can send and another receive at the same time.
type Peer struct {
	conn net.Conn
	left *io.LimitedReader // bytes that the other end may still send
	in   *json.Decoder
	out  *json.Encoder
}

// newPeer is the other end of a connection, which may send so many bytes.
func newPeer(c net.Conn, most int64) *Peer {
	left := &io.LimitedReader{R: c, N: most}
	return &Peer{c, left, json.NewDecoder(left), json.NewEncoder(c)}
}

// Send sends a value as JSON. A peer that does not read for half a minute is an error.
func (p *Peer) Send(v any) error {
	_ = p.conn.SetWriteDeadline(time.Now().Add(sendWithin)) // a dead peer shows in the write
	return p.out.Encode(v)
}

// Receive waits for the next value and decodes it into v. It fails when the other end closes the connection, and returns
// the cause of ctx when that ends first; the connection is closed then. A node that is gone is a drivers.Lost: nothing was
// judged.
func (p *Peer) Receive(ctx context.Context, v any) error {
	unblock := context.AfterFunc(ctx, p.Close)
	defer unblock()
	err := p.in.Decode(v)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil {
		return &drivers.Lost{Word: drivers.LostSuite, Err: err}
	}
	return nil
}

// Close ends the connection; Send and Receive at both ends fail from then on. Calling it again does nothing.
func (p *Peer) Close() { _ = p.conn.Close() }

// end tells a worker that nothing more comes, upon which it ends.
func (p *Peer) end() {
	if c, ok := p.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite() // one that has ended already does not hear it
	}
}

// ended waits until the other end has closed the connection, as the end of a process does, and closes this one. What it still says
// is of no interest.
func (p *Peer) ended(until time.Time) bool {
	defer p.Close()
	_ = p.conn.SetReadDeadline(until)
	_, err := io.Copy(io.Discard, p.conn)
	return !os.IsTimeout(err) && !errors.Is(err, net.ErrClosed)
}
