package view

import (
	"fmt"
	"time"

	"assay/reconciler/view/live"
	"assay/reconciler/view/text"
)

// Fetch is a download of a known size, drawn on a terminal.
type Fetch struct {
	Display *live.Display
	Object  string // what is fetched

	began time.Time
	at    int64 // what was there then
	drawn time.Time
}

// drawEvery is how often a download is drawn.
const drawEvery = 200 * time.Millisecond

// Show draws how much is there, with the time that the rest takes at the rate so far.
func (f *Fetch) Show(done, total int64) {
	now := time.Now()
	if f.began.IsZero() {
		f.began, f.at = now, done
	}
	if now.Sub(f.drawn) < drawEvery && done < total {
		return
	}
	f.drawn = now
	f.Display.Rows([]live.Row{f.row(done, total, now)})
}

func (f *Fetch) row(done, total int64, now time.Time) live.Row {
	r := live.Row{Object: f.Object, Kind: "model", State: "Fetching", Class: live.Moving, Age: now.Sub(f.began), Share: live.Share{Done: float64(done), Total: float64(total)}}
	if done >= total {
		r.State, r.Class = "Fetched", live.Done
	}
	r.Detail = text.Bytes(done) + " of " + text.Bytes(total)
	if took := now.Sub(f.began); took > time.Second && done > f.at && done < total {
		rate := float64(done-f.at) / took.Seconds()
		r.Detail += fmt.Sprintf(", %s/s, ETA %s", text.Bytes(int64(rate)), About(time.Duration(float64(total-done)/rate*float64(time.Second))))
	}
	return r
}
