package serving

import (
	"time"
	"unsafe"

	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/sse"
)

// entered is a sample as it lies in the spool, before its events and its text.
type entered struct {
	index                              int64
	due, free                          time.Duration
	sent, ended, connect, behind, blur time.Duration
	said                               sse.Said
	events, text                       int32
	prompt, completion, reasoned       int32
	failure, finish, model             int32 // as the book numbers them
	structured, usage                  bool
}

const enteredSize = int(unsafe.Sizeof(entered{}))

// size is that of the whole, a multiple of eight.
func (e *entered) size() int { return enteredSize + 8*int(e.events) + (int(e.text)+7)&^7 }

// enter puts a sample into the spool, and returns where it lies.
func (b *book) enter(s *sample) int64 {
	a := &s.answer
	e := entered{
		index: int64(s.index), due: s.due, free: s.free, sent: s.sent, ended: s.ended, connect: s.connect, behind: s.behind, blur: s.blur, said: a.Said,
		events: int32(len(a.Events)), text: int32(len(a.Text)), prompt: int32(a.Prompt), completion: int32(a.Completion), reasoned: int32(a.Reasoned),
		failure: b.failed(s.failure), finish: b.names.number(a.Finish), model: b.names.number(a.Model), structured: s.structured, usage: a.Usage,
	}
	piece, at := b.spool.room(e.size())
	p := append(*piece, unsafe.Slice((*byte)(unsafe.Pointer(&e)), enteredSize)...)
	if len(a.Events) > 0 {
		p = append(p, unsafe.Slice((*byte)(unsafe.Pointer(&a.Events[0])), 8*len(a.Events))...)
	}
	for p = append(p, a.Text...); len(p)%8 != 0; { // the next one must lie where a number can be read
		p = append(p, 0)
	}
	*piece = p
	return at
}

// sample is what was entered; it is valid until the next one is read.
func (v *view) sample(at int64) (sample, error) {
	data, err := v.book.spool.at(v.begins, at)
	if err != nil {
		return sample{}, err
	}
	e := (*entered)(unsafe.Pointer(&data[0]))
	text := enteredSize + 8*int(e.events)
	s := sample{index: int(e.index), due: e.due, free: e.free, structured: e.structured, outcome: outcome{
		sent: e.sent, ended: e.ended, connect: e.connect, behind: e.behind, blur: e.blur, failure: v.failures[e.failure],
		answer: sse.Answer{Text: data[text : text+int(e.text) : text+int(e.text)], Finish: v.names[e.finish], Model: v.names[e.model], Usage: e.usage,
			Prompt: int(e.prompt), Completion: int(e.completion), Reasoned: int(e.reasoned), Said: e.said},
	}}
	if e.events > 0 {
		s.answer.Events = unsafe.Slice((*time.Duration)(unsafe.Pointer(&data[enteredSize])), e.events)
	}
	return s, nil
}

// mostNames bounds how many different models and reasons of an end are kept: a server chooses them.
const (
	mostNames = 1000
	manyNames = "one of too many names to keep"
)

// names numbers texts that come again and again.
type names struct {
	list []string
	by   map[string]int32
	last int32
}

func (n *names) number(name string) int32 {
	if int(n.last) < len(n.list) && n.list[n.last] == name {
		return n.last
	}
	i, known := n.by[name]
	if !known {
		if n.by == nil {
			n.by = map[string]int32{}
		}
		if len(n.list) >= mostNames && name != manyNames {
			return n.number(manyNames)
		}
		i = int32(len(n.list))
		n.by[name], n.list = i, append(n.list, name)
	}
	n.last = i
	return i
}

// failed is the number of a failure; 0: it succeeded.
func (b *book) failed(f *suite.Failure) int32 {
	if f == nil {
		return 0
	}
	key := *f
	if b.failures[key] == 0 && len(b.failures) >= mostFailures {
		key.Message = "another one of this kind; only the first ones are told in full"
	}
	if b.failures[key] == 0 {
		b.faults = append(b.faults, &key)
		b.failures[key] = int32(len(b.faults) - 1)
	}
	return b.failures[key]
}
