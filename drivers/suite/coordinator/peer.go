package coordinator

import (
	"context"
	"encoding/json"
	"net"
	"time"
)

// sendWithin bounds a message that nobody reads.
const sendWithin = 30 * time.Second

// Peer is the other end of a connection.
type Peer struct {
	conn net.Conn
	in   *json.Decoder
	out  *json.Encoder
}

func newPeer(c net.Conn) *Peer { return &Peer{c, json.NewDecoder(c), json.NewEncoder(c)} }

// Send sends a value. A peer that does not read for half a minute is an error.
func (p *Peer) Send(v any) error {
	_ = p.conn.SetWriteDeadline(time.Now().Add(sendWithin)) // a dead peer shows in the write
	return p.out.Encode(v)
}

// Receive receives a value. It waits until there is one, the other end has gone, or ctx ends.
func (p *Peer) Receive(ctx context.Context, v any) error {
	unblock := context.AfterFunc(ctx, p.Close)
	defer unblock()
	err := p.in.Decode(v)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// Close ends the connection; what waits at either end fails. It may be called twice.
func (p *Peer) Close() { _ = p.conn.Close() }
