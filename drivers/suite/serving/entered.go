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

// What else lies in the spool has such an index: what was known before the first request, and the text of a number, before the first
// sample that uses it. The text of a failure is its kind, a zero byte and its message.
const (
	headEntry = -1 - iota
	failureEntry
	nameEntry
)

// note puts such an entry into the spool.
func (b *book) note(index int64, text string) {
	e := entered{index: index, text: int32(len(text))}
	piece, _ := b.spool.room(e.size())
	*piece = padded(append(append(*piece, e.bytes()...), text...))
}

func (e *entered) bytes() []byte { return unsafe.Slice((*byte)(unsafe.Pointer(e)), enteredSize) }

// padded is p up to where the next entry can lie: its numbers are read in place.
func padded(p []byte) []byte {
	for len(p)%8 != 0 {
		p = append(p, 0)
	}
	return p
}

// enter puts a sample into the spool, and returns where it lies.
func (b *book) enter(s *sample) int64 {
	a := &s.answer
	e := entered{
		index: int64(s.index), due: s.due, free: s.free, sent: s.sent, ended: s.ended, connect: s.connect, behind: s.behind, blur: s.blur, said: a.Said,
		events: int32(len(a.Events)), text: int32(len(a.Text)), prompt: int32(a.Prompt), completion: int32(a.Completion), reasoned: int32(a.Reasoned),
		failure: b.failed(s.failure), finish: b.named(a.Finish), model: b.named(a.Model), structured: s.structured, usage: a.Usage,
	}
	piece, at := b.spool.room(e.size())
	p := append(*piece, e.bytes()...)
	if len(a.Events) > 0 {
		p = append(p, unsafe.Slice((*byte)(unsafe.Pointer(&a.Events[0])), 8*len(a.Events))...)
	}
	*piece = padded(append(p, a.Text...))
	return at
}

func enteredAt(data []byte) *entered { return (*entered)(unsafe.Pointer(&data[0])) }

// sample is what was entered; it is valid until the next one is read.
func (v *view) sample(at int64) (sample, error) {
	data, err := v.book.spool.at(v.begins, at)
	if err != nil {
		return sample{}, err
	}
	e := enteredAt(data)
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

// named is the number of a name.
func (b *book) named(name string) int32 {
	known := len(b.names.list)
	i := b.names.number(name)
	if len(b.names.list) > known {
		b.note(nameEntry, b.names.list[i])
	}
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
		b.note(failureEntry, string(key.Kind)+"\x00"+key.Message)
	}
	return b.failures[key]
}
