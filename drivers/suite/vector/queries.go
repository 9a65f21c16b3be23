package vector

import (
	"math"
	"math/rand/v2"
	"strconv"

	"assay/drivers/suite"
)

// How many questions of a level are made before it.
const (
	fewestMade = 1 << 12
	mostMade   = 1 << 20
	mostBytes  = 512 << 20
)

// question is a query of a level. Scored is the number of the query whose true neighbours are known; unscored for the others.
type question struct {
	body   []byte
	scored int32
}

const unscored = -1

// asker makes queries that were never asked before. A cache of answers would be measured otherwise.
//
// Generated ones come from the same clusters as the vectors, and there are as many as are wanted. Among them are those whose
// true neighbours are known, evenly spread. Whenever one of these recurs, and all of a file do, it is moved by about a millionth:
// its neighbours stay, but no exact cache knows it.
type asker struct {
	seed    int64
	topK    int
	known   matrix // with true neighbours
	centres matrix // of generated vectors; empty with a file
	used    int    // how many of the known ones were asked so far
}

// level is the questions of a level. More than were made beforehand are made when they are asked.
type level struct {
	*asker
	name  string
	below int // the filter
	from  int // what was used before
	made  []question
}

// level makes the questions of a level with this name, for so many queries as are likely and twice that.
func (a *asker) level(name string, likely, below int) *level {
	l := &level{asker: a, name: name, below: below, from: a.used}
	stride := max(1, likely/a.known.rows())
	r, row, bytes, known := l.random("made"), make([]float32, a.known.dim), 0, 0
	for i := 0; i < min(max(2*likely, fewestMade), mostMade) && bytes < mostBytes; i++ {
		q := question{scored: unscored}
		if a.file() || i%stride == 0 && known < a.known.rows() {
			q.scored = l.recur(row, known)
			known++
		} else {
			scatterOne(r, a.centres, row)
		}
		q.body = queryBody(row, a.topK, below)
		bytes += len(q.body)
		l.made = append(l.made, q)
	}
	return l
}

// file reports whether the queries are those of a file.
func (a *asker) file() bool { return len(a.centres.data) == 0 }

// random is a stream of random numbers of this level.
func (l *level) random(of string) *rand.Rand { return suite.Rand(l.seed, l.name+" "+of) }

// recur sets row to the n-th known query of this level.
func (l *level) recur(row []float32, n int) (scored int32) {
	at := l.from + n
	vary(row, l.known.row(at%l.known.rows()), at/l.known.rows())
	return int32(at % l.known.rows())
}

// question is the i-th. Callers that ask at the same time have each a random and a row of their own.
func (l *level) question(i int, r *rand.Rand, row []float32) question {
	if i < len(l.made) {
		return l.made[i]
	}
	q := question{scored: unscored}
	if l.file() {
		q.scored = l.recur(row, i)
	} else {
		scatterOne(r, l.centres, row)
	}
	q.body = queryBody(row, l.topK, l.below)
	return q
}

// asked notes how many questions were asked in the end.
func (l *level) asked(n int) {
	if l.file() {
		l.used += n
		return
	}
	for _, q := range l.made[:min(n, len(l.made))] {
		if q.scored != unscored {
			l.used++
		}
	}
}

// noteQueries says so where a file has too few queries for all levels.
func (r *runner) noteQueries() {
	if a := r.asker; a.file() && a.used > a.known.rows() {
		r.note(suite.ReasonFewQueries, "the file has %d queries, and %d were asked: whenever one came again it was moved by a millionth, so that no cache of answers knew it, but "+
			"what it leads to was in memory; give a file with more queries, or shorten duration", a.known.rows(), a.used)
	}
}

// warmUp is the i-th query of a worker that warms up. It spends none of a level's.
func (a *asker) warmUp(r *rand.Rand, row []float32, i, below int) []byte {
	if !a.file() {
		scatterOne(r, a.centres, row)
	} else {
		vary(row, a.known.row(r.IntN(a.known.rows())), -2-i)
	}
	return queryBody(row, a.topK, below)
}

// probe is the query that the wait for the index asks.
func (a *asker) probe() []byte {
	row := make([]float32, a.known.dim)
	vary(row, a.known.row(0), -1)
	return queryBody(row, a.topK, 0)
}

// vary copies a row and changes one number of it, by a millionth of the largest: another one for each turn. Turn 0 is the row
// itself.
func vary(to, row []float32, turn int) {
	copy(to, row)
	if turn == 0 {
		return
	}
	largest := float32(0)
	for _, x := range row {
		largest = max(largest, float32(math.Abs(float64(x))))
	}
	dim := len(row)
	at := (turn%dim + dim) % dim
	step := float32(1 + max(turn, -turn)/dim)
	if turn < 0 {
		step = -step
	}
	to[at] += step * max(largest, 1e-6) / (1 << 20)
}

// queryBody is the request for the ids of the k nearest, among the buckets below a limit (0: all).
func queryBody(row []float32, k, below int) []byte {
	b := append(make([]byte, 0, 16*len(row)+100), `{"query_embeddings":[[`...)
	for i, x := range row {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendFloat(b, float64(x), 'g', -1, 32)
	}
	b = append(b, `]],"n_results":`...)
	b = strconv.AppendInt(b, int64(k), 10)
	b = append(b, `,"include":[]`...)
	if below > 0 {
		b = append(b, `,"where":{"bucket":{"$lt":`...)
		b = append(strconv.AppendInt(b, int64(below), 10), `}}`...)
	}
	return append(b, '}')
}
