package resident

import (
	"fmt"
	"strings"
	"time"

	"assay/api/v1alpha1"
)

// exitHeld is the exit code of a controller that found another one.
const exitHeld = 5

// Systemd is a user unit that keeps a controller: `systemctl --user enable --now assay`, and `loginctl enable-linger` where it
// has to outlive the login.
func Systemd(site v1alpha1.Site, argv []string) string {
	words := make([]string, len(argv))
	for i, w := range argv {
		words[i] = systemdWord(w)
	}
	return fmt.Sprintf(`[Unit]
Description=assay controller of site %s
StartLimitIntervalSec=0

[Service]
ExecStart=%s
# %d: another controller holds the lease; this one comes back and looks again.
Restart=always
RestartSec=30
# It finishes what it has begun. What it runs goes on without it.
KillMode=mixed
TimeoutStopSec=120
UMask=0077

[Install]
WantedBy=default.target
`, site.Metadata.Name, strings.Join(words, " "), exitHeld)
}

// systemdWord quotes an argument for ExecStart=.
func systemdWord(w string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", "$$", "\n", `\n`).Replace(w) + `"`
}

// Scrontab are lines for `scrontab -e`: Slurm starts a controller in a job, and again within ten minutes of its end. A job that
// finds another controller ends at once.
func Scrontab(site v1alpha1.Site, at Place, argv []string) string {
	var out strings.Builder
	option := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&out, "#SCRON --%s=%s\n", name, value)
		}
	}
	option("job-name", "assay-controller")
	option("account", site.Spec.Account)
	option("partition", at.Partition)
	option("qos", at.QOS)
	if at.Time > 0 {
		option("time", fmt.Sprint(int64((at.Time.Std()+time.Minute-1)/time.Minute)))
	}
	option("ntasks", "1")
	option("signal", "B:TERM@60") // it releases the lease, so that the next one need not wait for it
	words := make([]string, len(argv))
	for i, w := range argv {
		words[i] = shellWord(w)
	}
	fmt.Fprintf(&out, "*/10 * * * * exec %s\n", strings.Join(words, " "))
	return out.String()
}

// shellWord quotes an argument for sh.
func shellWord(w string) string { return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'" }
