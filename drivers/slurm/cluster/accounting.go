package cluster

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// What Accounting sets up for the user who runs the cluster. Account is the default account, and the QOS "normal" the
// default QOS.
const (
	Account   = "lab"
	QOSShort  = "short"  // one running and two submitted jobs a user, 10 minutes; a longer job waits
	QOSStrict = "strict" // 10 minutes; a longer job is rejected
)

// database is the accounting of a cluster.
type database struct {
	port, sqlPort int
	password      string
}

// Accounting starts the cluster with slurmdbd and MariaDB, and with associations, QOSs and limits enforced.
func Accounting(c *Cluster) { c.dbd = &database{} }

// AccountingInstalled reports whether the programs that Accounting needs are installed.
func AccountingInstalled() bool {
	for _, name := range []string{"slurmdbd", "mariadbd", "mariadb-install-db", "sacctmgr", "sacct"} {
		if _, err := find(name); err != nil {
			return false
		}
	}
	return true
}

func (c *Cluster) accountingConf() string {
	return fmt.Sprintf(`AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=%d
AccountingStoragePass=%s/run/munge.sock
AccountingStorageEnforce=associations,limits,qos
AccountingStorageTRES=gres/gpu
AccountingStoreFlags=job_comment
`, c.dbd.port, c.dir)
}

func (c *Cluster) dbdConf() string {
	return fmt.Sprintf(`AuthType=auth/munge
AuthInfo=socket=%[1]s/run/munge.sock
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=%[2]d
SlurmUser=%[3]s
LogFile=%[1]s/log/slurmdbd.log
PidFile=%[1]s/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=%[4]d
StorageUser=slurm
StoragePass=%[5]s
StorageLoc=slurm_acct_db
`, c.dir, c.dbd.port, c.user, c.dbd.sqlPort, c.dbd.password)
}

// initSQL is run by mariadbd when it starts; it listens on 127.0.0.1 only.
func (c *Cluster) initSQL() string {
	return fmt.Sprintf(`CREATE DATABASE slurm_acct_db;
CREATE USER 'slurm'@'%%' IDENTIFIED BY '%s';
GRANT ALL ON slurm_acct_db.* TO 'slurm'@'%%';
`, c.dbd.password)
}

// startAccounting starts MariaDB and slurmdbd and registers the cluster, the account, the QOSs and the user.
func (c *Cluster) startAccounting() error {
	if err := c.startMariaDB(); err != nil {
		return err
	}
	if err := c.daemon("slurmdbd"); err != nil { // finds slurmdbd.conf next to slurm.conf
		return err
	}
	if err := c.listens(c.dbd.port, "slurmdbd"); err != nil {
		return err
	}
	for _, words := range [][]string{
		{"cluster", "assay-test"},
		{"qos", QOSShort, "MaxJobsPerUser=1", "MaxSubmitJobsPerUser=2", "MaxWall=00:10:00"},
		{"qos", QOSStrict, "MaxWall=00:10:00", "Flags=DenyOnLimit"},
		{"account", Account},
		{"user", c.user, "Account=" + Account, "DefaultAccount=" + Account, "QOS=normal," + QOSShort + "," + QOSStrict, "DefaultQOS=normal"},
	} {
		if _, err := c.Run("sacctmgr", append([]string{"--immediate", "add"}, words...)...); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) startMariaDB() error {
	install := []string{"--no-defaults", "--datadir=" + c.path("sql"), "--auth-root-authentication-method=normal", "--skip-test-db"}
	server := []string{"--no-defaults", "--datadir=" + c.path("sql"), "--socket=" + c.path("run", "sql.sock"), "--pid-file=" + c.path("run", "mariadbd.pid"),
		"--log-error=" + c.path("log", "mariadbd.log"), "--bind-address=127.0.0.1", "--port=" + strconv.Itoa(c.dbd.sqlPort), "--skip-name-resolve",
		"--init-file=" + c.path("etc", "init.sql"), "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M",
		"--loose-innodb-snapshot-isolation=OFF"} // slurmdbd does not support it; older servers do not know it
	if os.Getuid() == 0 { // mariadbd refuses to run as root unless told to
		install, server = append(install, "--user=root"), append(server, "--user=root")
	}
	if err := os.MkdirAll(c.path("sql"), 0o700); err != nil {
		return err
	}
	if _, err := c.run(upWithin, "mariadb-install-db", install...); err != nil {
		return err
	}
	path, err := find("mariadbd")
	if err != nil {
		return fmt.Errorf("mariadbd: %w", err)
	}
	cmd := exec.Command(path, server...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // it outlives the program that starts the cluster
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // Stop kills it
	return c.listens(c.dbd.sqlPort, "mariadbd")
}

// listens waits until a daemon accepts connections on its port.
func (c *Cluster) listens(port int, daemon string) error {
	return c.until(daemon+" to listen", func() bool {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), time.Second)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	})
}
