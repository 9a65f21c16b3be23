package main

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// journal is what was done and what was found.
type journal struct {
	o  options
	mu sync.Mutex

	begun      time.Time
	faults     []*done
	violations []violation
	told       map[string]bool
	listed     int // so many faults were listed with the last violation
}

// done is a fault that was injected.
type done struct {
	fault
	note, failed     string
	services         []string
	at, undone, back time.Time
}

type violation struct {
	law, what string
	faults    int // so many had been injected
	at        time.Time
}

func (j *journal) say(format string, v ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.print(fmt.Sprintf(format, v...))
}

func (j *journal) print(text string) {
	fmt.Printf("%7.1fs %s\n", time.Since(j.begun).Seconds(), text)
}

// violated tells a violation once: key is what makes two the same.
func (j *journal) violated(law, key, format string, v ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.told[law+key] {
		return
	}
	j.told[law+key] = true
	found := violation{law, oneLine(fmt.Sprintf(format, v...)), len(j.faults), time.Now()}
	j.violations = append(j.violations, found)
	j.print("VIOLATION of \"" + law + "\": " + found.what)
	if found.faults == j.listed && found.faults > 0 {
		j.print("  after the faults listed above; replay: " + j.o.replay(found.faults))
		return
	}
	j.listed = found.faults
	j.print(fmt.Sprintf("  seed %d, after %d faults; the last ones:", j.o.seed, found.faults))
	for _, d := range j.faults[max(0, len(j.faults)-12):] {
		j.print("    " + d.String() + " " + d.note + d.failed)
	}
	j.print("  replay: " + j.o.replay(found.faults))
}

// oneLine is a text without line ends.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// replay is the command that does the first n faults of this schedule again.
func (o options) replay(n int) string {
	words := []string{"go run ./cmd/chaos", fmt.Sprintf("-seed %d -faults %d -batch %d", o.seed, max(n, 1), o.batch)}
	if len(o.kinds) > 0 {
		words = append(words, "-kinds "+strings.Join(o.kinds, ","))
	}
	if len(o.without) > 0 {
		words = append(words, "-without "+strings.Join(o.without, ","))
	}
	return strings.Join(words, " ")
}
