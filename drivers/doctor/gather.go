package doctor

import (
	"context"
	"sync"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Within is how long Gather takes at most, the end of its job included.
const Within = 2 * time.Minute

// Options are what Gather needs from outside.
type Options struct {
	Site      v1alpha1.Site // with its paths filled in
	Scheduler drivers.Scheduler
	Binary    string          // this program, which is copied into the state directory for the job
	Spec      drivers.JobSpec // what a job of the site asks for: partition, QOS, account, modules, directives, GPUs of a node
	Nodes     int             // of the job: 2, or 1 where the site allows no more
	Wait      time.Duration   // for the queue
	Temp      string          // the local folder where the site names none
}

// Gather finds out all that Examine needs. What fails is a fact, so there is no error.
func Gather(ctx context.Context, o Options) Facts {
	ctx, cancel := context.WithTimeout(ctx, Within)
	defer cancel()
	f := Facts{Site: o.Site}
	var g sync.WaitGroup
	p, c := o.Site.Spec.Paths, o.Site.Spec.Container
	f.Folders = []Folder{{What: State, Path: p.State}, {What: Work, Path: p.Work}, {What: Local, Path: o.Temp}}
	if p.Local != "" {
		f.Folders[2].Path = p.Local
	}
	if c.Runs() {
		f.Folders = append(f.Folders, Folder{What: Images, Path: c.Images})
	}
	for i := range f.Folders {
		d := &f.Folders[i]
		g.Go(func() { *d = lookAt(ctx, *d) })
	}
	g.Go(func() { f.Here = host(ctx, c.Runtime) })
	if o.Site.Spec.Prometheus != nil {
		g.Go(func() { f.Prometheus = prometheus(ctx, o.Site.Spec.Prometheus.URL) })
	}
	if o.Site.Spec.Login.Host != "" {
		g.Go(func() { f.Login = ssh(ctx, o.Site.Spec.Login) })
	}
	if f.local() {
		g.Wait()
		return f
	}
	g.Go(func() { f.Slurm = askSlurm(ctx) })
	g.Wait()
	if f.Slurm.Config.OK && f.Folders[0].Problem == "" && f.Folders[0].Unsafe == "" {
		f.Job = tiny(ctx, o, f.Folders)
	}
	return f
}

// lookFor bounds the look at one folder: a file system that hangs costs that, and no more.
const lookFor = 20 * time.Second

// lookAt is look with a deadline. A call that hangs in the kernel is left behind.
func lookAt(ctx context.Context, d Folder) Folder {
	found := make(chan Folder, 1)
	go func() { found <- look(ctx, d.What, d.Path, d.What == State || d.What == Images) }()
	select {
	case d = <-found:
	case <-time.After(lookFor):
		d.Problem = "it did not answer within " + lookFor.String()
	}
	return d
}
