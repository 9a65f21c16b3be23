package team

import (
	"context"
	"encoding/json"
	"net"
	"time"
)

// sayWithin bounds a message that nobody reads.
const sayWithin = 30 * time.Second

// Peer is the other end of a connection.
type Peer struct {
	conn net.Conn
	in   *json.Decoder
	out  *json.Encoder
}

func newPeer(c net.Conn) *Peer { return &Peer{c, json.NewDecoder(c), json.NewEncoder(c)} }

// Say sends a value. A peer that does not read for half a minute is an error.
func (p *Peer) Say(v any) error {
	_ = p.conn.SetWriteDeadline(time.Now().Add(sayWithin)) // a dead peer shows in the write
	return p.out.Encode(v)
}

// Hear receives a value. It waits until there is one, the other end has gone, or ctx ends.
func (p *Peer) Hear(ctx context.Context, v any) error {
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
