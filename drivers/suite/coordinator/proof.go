package coordinator

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// Both ends of a connection prove that they know the run's token, and neither sends it: each sends an HMAC of what both have
// drawn for this connection. So who listens at the leader's address in its place learns nothing, and no worker does what it says.

const (
	helloWithin = 5 * time.Second // for each message of a connection that has proved nothing yet
	mostHello   = 1 << 10         // bytes of all of them
)

// hello is the first message of a worker.
type hello struct {
	Node  int    `json:"node"` // from 1
	Nonce string `json:"nonce"`
}

// answer is the first message of the leader, with its proof.
type answer struct {
	Nonce string `json:"nonce"`
	Proof []byte `json:"proof"`
}

// reply is the worker's proof.
type reply struct {
	Proof []byte `json:"proof"`
}

// The two ends, as their proofs name them: no proof of one passes for the other's.
const (
	ofLeader = "leader"
	ofWorker = "worker"
)

var errUnproven = errors.New("the other end does not know the run's token")

// prove is the proof of one end: an HMAC-SHA256 of who it is, the worker's node, and what both ends have drawn.
func prove(token, end string, h hello, leaders string) []byte {
	m := hmac.New(sha256.New, []byte(token))
	fmt.Fprintf(m, "%s %d %q %q", end, h.Node, h.Nonce, leaders)
	return m.Sum(nil)
}

// welcome is the leader's part: it returns the node of a worker that has proved itself.
func (p *Peer) welcome(token string) (node int, err error) {
	var h hello
	if err := p.hear(&h, helloWithin); err != nil {
		return 0, err
	}
	nonce := rand.Text()
	if err := p.Send(answer{nonce, prove(token, ofLeader, h, nonce)}); err != nil {
		return 0, err
	}
	var r reply
	if err := p.hear(&r, helloWithin); err != nil {
		return 0, err
	}
	if !hmac.Equal(r.Proof, prove(token, ofWorker, h, nonce)) {
		return 0, errUnproven
	}
	return h.Node, nil
}

// greet is the worker's part.
func (p *Peer) greet(token string, node int) error {
	h := hello{node, rand.Text()}
	if err := p.Send(h); err != nil {
		return err
	}
	var a answer
	if err := p.hear(&a, joinWithin); err != nil {
		return err
	}
	if !hmac.Equal(a.Proof, prove(token, ofLeader, h, a.Nonce)) {
		return errUnproven
	}
	return p.Send(reply{prove(token, ofWorker, h, a.Nonce)})
}

// hear waits so long for a message.
func (p *Peer) hear(v any, within time.Duration) error {
	_ = p.conn.SetReadDeadline(time.Now().Add(within))
	defer func() { _ = p.conn.SetReadDeadline(time.Time{}) }()
	return p.in.Decode(v)
}
