package export

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// wandbLog writes the log of an offline run: records in protobuf, in blocks as LevelDB's log has them. The numbers of the fields are those
// of W&B's wandb_internal.proto.
type wandbLog struct {
	w   *bufio.Writer
	at  int // bytes written
	num int64
	err error
}

// Of a block, and of what is before each piece of a record.
const wandbBlock, wandbHead = 32 << 10, 7

// Kinds of pieces.
const pieceFull, pieceFirst, pieceMiddle, pieceLast = 1, 2, 3, 4

// wandbBegin is what a log begins with: a name, a magic number, a version.
var wandbBegin = []byte{':', 'W', '&', 'B', 0xe1, 0xbe, 0}

func newWandbLog(to io.Writer) *wandbLog {
	l := &wandbLog{w: bufio.NewWriter(to)}
	l.write(wandbBegin)
	return l
}

func (l *wandbLog) write(b []byte) {
	if l.err == nil {
		_, l.err = l.w.Write(b)
	}
	l.at += len(b)
}

// data writes a record, in as many pieces as blocks need.
func (l *wandbLog) data(b []byte) {
	for first := true; ; first = false {
		room := wandbBlock - l.at%wandbBlock
		if room < wandbHead {
			l.write(make([]byte, room))
			room = wandbBlock
		}
		n := min(len(b), room-wandbHead)
		kind := pieceMiddle
		switch last := n == len(b); {
		case first && last:
			kind = pieceFull
		case first:
			kind = pieceFirst
		case last:
			kind = pieceLast
		}
		l.piece(b[:n], kind)
		if b = b[n:]; len(b) == 0 {
			return
		}
	}
}

func (l *wandbLog) piece(b []byte, kind int) {
	sum := crc32.Update(crc32.ChecksumIEEE([]byte{byte(kind)}), crc32.IEEETable, b)
	head := binary.LittleEndian.AppendUint32(nil, sum)
	head = binary.LittleEndian.AppendUint16(head, uint16(len(b)))
	l.write(append(head, byte(kind)))
	l.write(b)
}

// record writes one of a kind, with the next number.
func (l *wandbLog) record(kind protowire.Number, content []byte) {
	l.num++
	b := protowire.AppendTag(nil, 1, protowire.VarintType)
	b = protowire.AppendVarint(b, uint64(l.num))
	l.data(message(b, kind, content))
}

// close writes what is left.
func (l *wandbLog) close() error {
	if l.err != nil {
		return l.err
	}
	return l.w.Flush()
}

// Kinds of records.
const recordHistory, recordSummary, recordFiles, recordRun, recordExit, recordHeader = 2, 3, 6, 17, 18, 21

func message(b []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), content)
}

func words(b []byte, field protowire.Number, text string) []byte {
	if text == "" {
		return b
	}
	return message(b, field, []byte(text))
}

func integer(b []byte, field protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

// pairs are items of a configuration, a summary or a step: a key and its value as JSON.
func pairs(b []byte, field protowire.Number, keys []string, values map[string]string) []byte {
	for _, key := range keys {
		item := words(nil, 1, key)
		b = message(b, field, words(item, 16, values[key]))
	}
	return b
}

func timestamp(t time.Time) []byte {
	return integer(integer(nil, 1, t.Unix()), 2, int64(t.Nanosecond()))
}
