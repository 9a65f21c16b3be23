package io500

import (
	"bufio"
	"fmt"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers/suite/storage"
)

// scc is the stonewall of the Student Cluster Competition.
const scc = 30

// setting is one line of an ini file.
type setting struct{ section, key, value string }

// settings are the settings of a run.
func settings(s v1alpha1.Storage, l storage.Limits, data, results string) []setting {
	seconds := int(s.Stonewall.Std().Seconds())
	own := func(limit, usual int) string { return fmt.Sprint(min(limit, usual)) }
	transfer := int(s.TransferSize)
	return []setting{
		{"global", "datadir", data}, {"global", "timestamp-datadir", "TRUE"},
		{"global", "resultdir", results}, {"global", "timestamp-resultdir", "TRUE"},
		{"global", "scc", strings.ToUpper(fmt.Sprint(seconds == scc))},
		{"debug", "stonewall-time", fmt.Sprint(seconds)},
		{"ior-easy", "transferSize", fmt.Sprint(transfer)},
		{"ior-easy", "blockSize", fmt.Sprint(min(l.Transfers, 9920000<<20/transfer) * transfer)},
		{"ior-easy", "filePerProc", "TRUE"},
		{"ior-hard", "segmentCount", own(l.Records, 10000000)},
		{"mdtest-easy", "n", own(l.Easy, 1000000)},
		{"mdtest-hard", "n", own(l.Hard, 1000000)},
	}
}

// known reads `io500 --list`: the settings that this release takes, as section/key.
func known(list string) map[string]bool {
	out := map[string]bool{}
	section := ""
	lines := bufio.NewScanner(strings.NewReader(list))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		case line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, ";"):
			key, _, _ := strings.Cut(line, "=")
			out[section+"/"+strings.TrimSpace(key)] = true
		}
	}
	return out
}

// write makes the ini file. A setting that the program does not know is an error, unless the program does the same without
// it.
func write(all []setting, known map[string]bool) (string, error) {
	var b strings.Builder
	section := ""
	for _, s := range all {
		if !known[s.section+"/"+s.key] {
			if s.key == "scc" && s.value == "FALSE" || s.key == "filePerProc" {
				continue // an older release, which does that without the setting
			}
			return "", fmt.Errorf("this io500 does not know the setting %s of [%s]: it is too old, or another program; compare with its --list", s.key, s.section)
		}
		if s.section != section {
			section = s.section
			fmt.Fprintf(&b, "[%s]\n", section)
		}
		fmt.Fprintf(&b, "%s = %s\n", s.key, s.value)
	}
	return b.String(), nil
}
