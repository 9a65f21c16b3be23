package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Defaults of Files.
const (
	Quiet = 2 * time.Second
	Hold  = 10 * time.Second
)

// Files follows files and folders that are being edited.
type Files struct {
	Paths []string
	Poll  time.Duration // the content is compared at least so often, at most ten times a second
	Quiet time.Duration // an edit is delivered once nothing has changed for so long; 0: Quiet
	Hold  time.Duration // an edit that removes something waits so much longer; 0: Hold
	// Removes names what an edit would remove. It is asked once an edit is quiet, before it is delivered; nil: nothing.
	Removes func(Input) []string
	// Note gets a sentence for the user when an edit is held, and when a held one is dropped; nil: it is not said.
	Note func(string)

	// Feed delivers content of files that are elsewhere; nil: the files are here.
	Feed *Feed

	notify func(paths []string) (events <-chan struct{}, stop func()) // tests; nil: fsnotify
}

// Follow calls changed with the content of the paths, at start and whenever it has become another one, until ctx ends.
// What cannot be read is delivered as an error, once.
//
// An editor can be in the middle of writing, so content counts once the files have stayed the same, size and time of
// modification included, for Quiet. Content that removes something could be a half that stays for longer: it waits Hold
// more, and is dropped when the files change again meanwhile. Events only make Follow compare sooner; the content decides.
//
// What is there at the start was typed by the user, and so is an edit. Content that changes together with the commit that is
// checked out came with a pull or a checkout: it is delivered as FromGit.
func (f Files) Follow(ctx context.Context, changed func(Input, error)) error {
	if slices.Contains(f.Paths, "-") {
		return errors.New("standard input cannot be followed; give a file or a folder")
	}
	if f.Feed != nil {
		f.notify = f.Feed.notify
	}
	if f.notify == nil {
		f.notify = notify
	}
	events, stop := f.notify(f.Paths)
	defer stop()
	tick := time.NewTicker(max(f.Poll, 100*time.Millisecond))
	defer tick.Stop()
	var delivered content
	var e edit
	checkedOut := f.heads() // as of the last look that found nothing to deliver
	begun := false
	for {
		if now := f.look(); now.stamp != e.stamp {
			f.drop(e)
			e = edit{content: now, since: time.Now()}
		}
		var again <-chan time.Time
		if e.sum != delivered.sum {
			left := f.wait(ctx, &e)
			if left <= 0 {
				delivered, e.removes = e.content, nil
				in := Input{Files: e.files, Origin: f.origin(ctx, e.files), Folders: f.folders()}
				in.FromGit, begun = begun && f.heads() != checkedOut, true
				changed(in, e.err)
				continue // the files can have changed meanwhile
			}
			again = time.After(left)
		} else {
			checkedOut = f.heads()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again:
		case <-tick.C:
		case <-events:
		}
	}
}

// edit is content and how long it has been there.
type edit struct {
	content
	since   time.Time
	asked   bool     // removes is known
	removes []string // what delivering it would remove
}

// wait is how much longer an edit has to stay as it is before it is delivered.
func (f Files) wait(ctx context.Context, e *edit) time.Duration {
	quiet := f.Quiet
	if quiet == 0 {
		quiet = Quiet
	}
	left := quiet - time.Since(e.since)
	if left > 0 {
		return left
	}
	if !e.asked && e.err == nil && f.Removes != nil {
		e.removes = f.Removes(Input{Files: e.files, Origin: f.origin(ctx, e.files), Folders: f.folders()})
		if len(e.removes) > 0 {
			f.say(fmt.Sprintf("the edit removes %s: it is applied in %s unless the file changes again", strings.Join(e.removes, ", "), f.hold()))
		}
	}
	e.asked = true
	if len(e.removes) > 0 {
		left += f.hold()
	}
	return left
}

func (f Files) hold() time.Duration {
	if f.Hold == 0 {
		return Hold
	}
	return f.Hold
}

// drop says that a held edit does not come to pass.
func (f Files) drop(e edit) {
	if len(e.removes) > 0 {
		f.say(fmt.Sprintf("the edit that removes %s was dropped: the file has changed again", strings.Join(e.removes, ", ")))
	}
}

func (f Files) say(s string) {
	if f.Note != nil {
		f.Note(s)
	}
}
