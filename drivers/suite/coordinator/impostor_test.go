package coordinator

import (
	"bufio"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnImpostor: another user listens at the address of a leader that has ended. A worker does not do what it says, and tells
// it nothing with which it could join the run.
func TestAnImpostor(t *testing.T) {
	const secret = "LEADERSSECRET26LETTERSLONG"
	for name, answers := range map[string]string{
		"says nothing of a proof":   `1` + "\n",
		"has a wrong proof":         `{"nonce":"theirs","proof":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}` + "\n",
		"sends back what was said":  "",
		"talks without end":         `{"nonce":"` + strings.Repeat("x", 1<<20),
		"closes after the greeting": "close",
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			heard := make(chan string, 1)
			go func() {
				c, err := listener.Accept()
				if err != nil {
					heard <- err.Error()
					return
				}
				defer c.Close()
				in := bufio.NewScanner(c)
				said := ""
				for in.Scan() {
					said += in.Text() + "\n"
					switch answers {
					case "close":
						c.Close()
					case "":
						_, _ = c.Write(append(in.Bytes(), '\n'))
					default:
						_, _ = c.Write([]byte(answers))
					}
				}
				heard <- said
			}()
			dir := t.TempDir()
			b, err := json.Marshal(rendezvous{Address: listener.Addr().String(), Token: secret, Briefing: json.RawMessage(`{}`)})
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, rendezvousFile), b, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("SLURM_PROCID", "0")
			leader, _, err := Join(t.Context(), dir, &task{})
			if err == nil {
				var order int
				t.Errorf("it is believed; its order: %v %d", leader.Receive(t.Context(), &order), order)
				leader.Close()
			} else if !strings.Contains(err.Error(), "joining the first node") {
				t.Error(err)
			}
			if said := <-heard; strings.Contains(said, secret) || !strings.Contains(said, `"node":1`) {
				t.Errorf("it was told %q", said)
			}
		})
	}
}
