package main

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers"
)

func tunnelCmd(a *app) *cobra.Command {
	var format string
	var open bool
	c := &cobra.Command{
		Use:   "tunnel [EXPERIMENT [SERVICE]]",
		Short: "Print the ssh commands that reach running services from your own machine, or run them",
		Long: `tunnel prints, for each endpoint of each running service, the ssh command that forwards a local port to it through
the site's login host, and the URL to open then. No two commands use the same local port.

Run it where the ports are needed: whether a port is free is seen on the machine that runs assay.`,
		Args: args(cobra.MaximumNArgs(2)),
		RunE: func(c *cobra.Command, pos []string) error {
			if !slices.Contains([]string{"", "json", "yaml"}, format) {
				return exitError{exitUsage, fmt.Errorf("no output format %q; formats are json, yaml", format)}
			}
			ts, site, err := a.tunnels(pos)
			if err != nil {
				return err
			}
			if err := a.showTunnels(ts, site, format); err != nil || !open {
				return err
			}
			return a.openTunnels(c.Context(), ts, site)
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "", "json or yaml")
	c.Flags().BoolVar(&open, "open", false, "run ssh, and keep it until Ctrl-C")
	return c
}

// tunnel is the way to one endpoint.
type tunnel struct {
	Service   string   `json:"service"` // SERVICE, or SERVICE.COMPONENT
	Seat      string   `json:"seat"`
	Ready     bool     `json:"ready"`
	Endpoint  string   `json:"endpoint"`            // URL, as the nodes see it
	URL       string   `json:"url"`                 // what to open
	LocalPort int      `json:"localPort,omitempty"` // absent: the endpoint is reached without a tunnel
	Command   []string `json:"command,omitempty"`
	Password  string   `json:"passwordFile,omitempty"` // a generated secret of this server

	experiment string
	target     *url.URL
}

// tunnels finds the endpoints and a free local port for each.
func (a *app) tunnels(pos []string) ([]tunnel, v1alpha1.Site, error) {
	st, site, err := a.current()
	if err != nil {
		return nil, site, err
	}
	w, err := readWorld(st)
	if err != nil {
		return nil, site, err
	}
	ts, err := w.endpoints(append(pos, "", "")[0], append(pos, "", "")[1])
	if err != nil {
		return nil, site, err
	}
	if site.Spec.Login.Host == "" {
		for i, t := range ts {
			if near(t.target) {
				ts[i].URL = t.Endpoint
			}
		}
		return ts, site, nil
	}
	through, err := sshArgs(site)
	if err != nil {
		return nil, site, err
	}
	ports, err := localPorts(ts)
	if err != nil {
		return nil, site, err
	}
	for i, t := range ts {
		ts[i].LocalPort = ports[i]
		there := *t.target
		there.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i]))
		ts[i].URL = there.String()
		ts[i].Command = append(slices.Clone(through), "-N", "-L", ts[i].forward())
	}
	return ts, site, nil
}

// endpoints lists what the running seats say, in the order of the status.
func (w world) endpoints(experiment, service string) ([]tunnel, error) {
	var out []tunnel
	known := experiment == ""
	for _, s := range w.statuses {
		if experiment != "" && s.Name != experiment {
			continue
		}
		for _, v := range s.Services {
			known = known || service == "" || v.Name == service
			if service != "" && v.Name != service {
				continue
			}
			for _, seat := range v.Seats {
				if seat.JobState == string(drivers.JobRunning) {
					out = append(out, w.seatEndpoints(s.Name, v.Name, seat)...)
				}
			}
		}
		known = known || service == ""
	}
	switch {
	case !known && service != "":
		return nil, fmt.Errorf("no service %s/%s; what there is: assay get services", experiment, service)
	case !known:
		return nil, fmt.Errorf("no experiment %q; what there is: assay get experiments", experiment)
	case len(out) == 0:
		return nil, fmt.Errorf("no running service has an endpoint yet; look: assay get services")
	}
	return out, nil
}

// seatEndpoints are the endpoints of one seat: by component when the service has several.
func (w world) seatEndpoints(experiment, service string, seat v1alpha1.SeatStatus) []tunnel {
	all := seat.Endpoints
	if len(all) == 0 {
		all = map[string]string{"": seat.Endpoint}
	}
	var out []tunnel
	for _, component := range sortedKeys(all) {
		u, err := url.Parse(all[component])
		if err != nil || u.Hostname() == "" || u.Port() == "" {
			continue // not reported yet
		}
		name := service
		if component != "" && component != service {
			name = service + "." + strings.TrimPrefix(component, service+".")
		}
		out = append(out, tunnel{
			Service: name, Seat: seat.Seat, Ready: seat.Ready, Endpoint: all[component], Password: w.password(seat, name),
			experiment: experiment, target: u,
		})
	}
	return out
}

// password is the file of the password that the agent made up for a server, such as Grafana's.
func (w world) password(seat v1alpha1.SeatStatus, process string) string {
	id, ok := drivers.ParseSeat(seat.Seat)
	if !ok {
		return ""
	}
	told, err := w.st.ReadDesired(id, seat.Nonce)
	if err != nil {
		return "" // the service's own trouble shows in get and describe
	}
	for _, p := range told.Processes {
		if p.Name == process && len(p.Generate) > 0 && filepath.IsAbs(p.Data) {
			return filepath.Join(p.Data, p.Generate[0])
		}
	}
	return ""
}

// near reports whether an endpoint is on this very machine.
func near(u *url.URL) bool {
	if ip := net.ParseIP(u.Hostname()); ip != nil {
		return ip.IsLoopback()
	}
	return u.Hostname() == "localhost"
}

// forward is ssh's word for a port of ours that leads to the endpoint.
func (t tunnel) forward() string {
	return fmt.Sprintf("127.0.0.1:%d:%s", t.LocalPort, net.JoinHostPort(t.target.Hostname(), t.target.Port()))
}

// plainName is what a host or user may be: nothing that ssh, or a shell into which it is pasted, reads as something else.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._:-]*$`)

// sshArgs is ssh to the login host.
func sshArgs(site v1alpha1.Site) ([]string, error) {
	l := site.Spec.Login
	for field, v := range map[string]string{"host": l.Host, "user": l.User} {
		if v != "" && !plainName.MatchString(v) {
			return nil, fmt.Errorf("login.%s of site %s is %q, which is no name; correct it in the site's file, and apply that: assay apply -f SITE.yaml", field, site.Metadata.Name, v)
		}
	}
	out := []string{"ssh", "-p", strconv.Itoa(cmp.Or(l.Port, 22))}
	if l.User != "" {
		out = append(out, "-l", l.User)
	}
	return append(out, l.Host), nil
}

// localPorts picks a port of this machine for each tunnel: the remote one, else the next that is free. Each is held
// until all are found, so that no two are the same.
func localPorts(ts []tunnel) ([]int, error) {
	var out []int
	for _, t := range ts {
		remote, err := strconv.Atoi(t.target.Port())
		if err != nil {
			return nil, fmt.Errorf("reading the port of %s: %w", t.Endpoint, err)
		}
		l, err := listenFrom(remote)
		if err != nil {
			return nil, fmt.Errorf("finding a local port for %s: %w", t.Endpoint, err)
		}
		defer l.Close()
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out, nil
}

// portsTried bounds the search; then the system says which port is free.
const portsTried = 1000

func listenFrom(port int) (net.Listener, error) {
	if port < 1024 {
		port += 8000 // 80 becomes 8080: lower ones are root's
	}
	for p := port; p < min(port+portsTried, 1<<16); p++ {
		if l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(p))); err == nil {
			return l, nil
		}
	}
	return net.Listen("tcp4", "127.0.0.1:0")
}
