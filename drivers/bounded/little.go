package bounded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// mostInput is what every pipe holds, in bytes.
const mostInput = 4 << 10

// Little is Output for a command that reads and prints little and is run many times a second: nothing runs beside it in this
// process. cmd is made without a context: ctx ends it. It reads input, at most 4 KiB. One that prints more than a pipe
// holds, 64 KiB, waits until ctx ends.
func Little(ctx context.Context, cmd *exec.Cmd, input string) (out []byte, errs string, err error) {
	if len(input) > mostInput {
		return nil, "", fmt.Errorf("the input of %s has more than %d bytes", cmd.Path, mostInput)
	}
	var p [3]pipe
	defer func() {
		for i := range p {
			p[i].close()
		}
	}()
	for i := range p {
		if p[i], err = newPipe(); err != nil {
			return nil, "", err
		}
	}
	if _, err := io.Copy(p[0].write, strings.NewReader(input)); err != nil {
		return nil, "", err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p[0].read, p[1].write, p[2].write
	p[0].closeWrite()
	if err := errors.Join(ctx.Err(), cmd.Err); err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	p[1].closeWrite()
	p[2].closeWrite()
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() }) // it has ended by itself
	err = cmd.Wait()
	stop()
	return p[1].held(), string(p[2].held()), err
}

// pipe has ends that block, and that nobody polls.
type pipe struct{ read, write *os.File }

func newPipe() (pipe, error) {
	var fd [2]int
	if err := syscall.Pipe2(fd[:], syscall.O_CLOEXEC); err != nil {
		return pipe{}, os.NewSyscallError("pipe2", err)
	}
	return pipe{os.NewFile(uintptr(fd[0]), "|0"), os.NewFile(uintptr(fd[1]), "|1")}, nil
}

// held is what is in the pipe now: who else has its other end is not waited for.
func (p pipe) held() []byte {
	fd := int(p.read.Fd())
	if syscall.SetNonblock(fd, true) != nil {
		return nil
	}
	var out []byte
	b := make([]byte, 1<<10)
	for len(out) < maxErrors {
		n, err := syscall.Read(fd, b)
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 {
			break
		}
		out = append(out, b[:n]...)
	}
	return out
}

func (p *pipe) closeWrite() {
	if p.write != nil {
		_ = p.write.Close() // nothing is lost with it
		p.write = nil
	}
}

func (p *pipe) close() {
	p.closeWrite()
	if p.read != nil {
		_ = p.read.Close()
	}
}
