package cluster

import (
	"crypto/rand"
	"errors"
	"fmt"
	random "math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"

	"assay/drivers/durable"
)

// gpus are four different character devices that every machine has: Slurm wants a device file for each GPU.
const gpus = "Name=gpu File=/dev/null,/dev/zero,/dev/full,/dev/urandom\n"

// cgroup is cgroup.conf for Slurm 23.11 and newer: their slurmd never becomes idle without it where systemd does not run,
// or runs for another user. Older ones refuse it, and need none.
const cgroup = "CgroupPlugin=disabled\n"

// knowsDisabled reports whether `slurmctld -V` printed a version that takes CgroupPlugin=disabled.
func knowsDisabled(version string) bool {
	_, number, _ := strings.Cut(version, " ") // slurm-wlm 24.11.5
	var year, month int
	_, err := fmt.Sscanf(number, "%d.%d", &year, &month)
	return err == nil && year*100+month >= 2311
}

// configure writes the configuration and the key into an empty folder.
func (c *Cluster) configure() error {
	if err := os.RemoveAll(c.dir); err != nil {
		return err
	}
	for _, sub := range []string{"run", "state", "spool", "log", "etc"} {
		if err := os.MkdirAll(c.path(sub), 0o700); err != nil {
			return err
		}
	}
	ports, err := c.ports(c.nodes + 3)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	host, _, _ = strings.Cut(host, ".")
	key := make([]byte, 1024)
	_, _ = rand.Read(key) // never fails
	files := map[string]string{"etc/munge.key": string(key), "gres.conf": gpus, "slurm.conf": c.conf(host, ports)}
	version, err := c.version()
	if err != nil {
		return err
	}
	if knowsDisabled(version) {
		files["cgroup.conf"] = cgroup
	}
	if c.dbd != nil {
		c.dbd.port, c.dbd.sqlPort, c.dbd.password = ports[c.nodes+1], ports[c.nodes+2], rand.Text()
		files["slurm.conf"] += c.accountingConf()
		files["slurmdbd.conf"] = c.dbdConf()
		files["etc/init.sql"] = c.initSQL()
	}
	if c.edit != nil {
		files["slurm.conf"] = c.edit(files["slurm.conf"])
	}
	for name, text := range files {
		err = errors.Join(err, durable.Writer{NoSync: true}.Create(c.path(name), []byte(text), nil))
	}
	if err == nil && c.shared {
		err = c.share()
	}
	return err
}

// Ports that the kernel hands out itself are those from ephemeral on, or what portRange says.
const (
	portRange = "/proc/sys/net/ipv4/ip_local_port_range"
	ephemeral = 32768
	lowest    = 10000 // below it, well-known programs listen
)

// freePorts finds n different ports on which no program listens. They lie below those that the kernel hands out to whoever connects,
// or listens on any port: none of these takes one before its daemon starts, or while it is started again.
func freePorts(n int) ([]int, error) {
	below := ephemeral
	if b, err := os.ReadFile(portRange); err == nil {
		_, _ = fmt.Sscan(string(b), &below) // what is no number changes nothing
	}
	from := lowest
	if below < lowest+1000 {
		from, below = 1<<15, 1<<16 // the kernel hands out nearly all: no port is better than another
	}
	var out []int
	for range 100 * n {
		if len(out) == n {
			return out, nil
		}
		port := from + random.IntN(below-from)
		l, err := net.Listen("tcp4", ":"+strconv.Itoa(port)) // as slurmd does: on all addresses
		if err != nil {
			continue
		}
		defer l.Close() // after all are found, so that they differ
		out = append(out, port)
	}
	return nil, fmt.Errorf("%d of %d ports are free between %d and %d", len(out), n, from, below)
}

// conf is slurm.conf. The first port is the controller's, the next ones are the nodes'.
func (c *Cluster) conf(host string, ports []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `ClusterName=assay-test
SlurmctldHost=%[1]s(127.0.0.1)
SlurmctldPort=%[2]d
SlurmUser=%[3]s
SlurmdUser=%[3]s
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=%[4]s/run/munge.sock
StateSaveLocation=%[4]s/state
SlurmdSpoolDir=%[4]s/spool/%%n
SlurmctldPidFile=%[4]s/run/slurmctld.pid
SlurmdPidFile=%[4]s/run/slurmd.%%n.pid
SlurmctldLogFile=%[4]s/log/slurmctld.log
SlurmdLogFile=%[4]s/log/slurmd.%%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
ReturnToService=2
KillWait=10
MinJobAge=120
JobCompType=jobcomp/filetxt
JobCompLoc=%[4]s/log/jobcomp.log
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
`, host, ports[0], c.user, c.dir)
	for n := 1; n <= c.nodes; n++ {
		fmt.Fprintf(&b, "NodeName=n%d NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=16 Boards=1 SocketsPerBoard=1 CoresPerSocket=16 ThreadsPerCore=1 RealMemory=64000 Gres=gpu:4 State=UNKNOWN\n", n, host, ports[n])
	}
	fmt.Fprintf(&b, "PartitionName=cpu Nodes=n[1-%[1]d] Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO\nPartitionName=gpu Nodes=n[1-%[1]d] MaxTime=INFINITE State=UP OverSubscribe=NO\n", c.nodes)
	return b.String()
}
