package v1alpha1

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fill repeats a part of a manifest, which can number itself with %d, until the whole is as large as a file may be.
func fill(before, part, after string) string {
	var b strings.Builder
	b.WriteString(before)
	for i := 0; ; i++ {
		next := part
		if strings.Contains(part, "%") {
			next = fmt.Sprintf(strings.ReplaceAll(part, "%d", "%[1]d"), i)
		}
		if b.Len()+len(next)+len(after) > MaxFile {
			return b.String() + after
		}
		b.WriteString(next)
	}
}

const (
	hostileHead = "apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: e}\nspec:\n"
	hostileArgs = hostileHead + "  services:\n    - name: s\n      vllm:\n        model: m\n        args:\n"
	hostileOne  = hostileHead + "  services: [{name: s, vllm: {model: m}}]\n"
)

// hostile are files that cost as much as somebody could make them cost.
var hostile = map[string]func() string{
	"tiny documents":  func() string { return fill("", "---\na\n", "") },
	"empty documents": func() string { return fill("", "---\n", "") },
	"tiny experiments": func() string {
		return fill("", "---\napiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: e%d}\nspec: {}\n", "")
	},
	"services":              func() string { return fill(hostileHead+"  services:\n", "  - {name: s%d, chroma: {}}\n", "") },
	"empty services":        func() string { return fill(hostileHead+"  services: [", "{},", "]\n") },
	"benchmarks of nothing": func() string { return fill(hostileOne+"  benchmarks:\n", "  - {name: b%d, target: t%d}\n", "") },
	"a chain":               func() string { return chain("") },
	"a circle":              func() string { return chain("s9999") },
	"many circles": func() string {
		return fill(hostileHead+"  services:\n", "  - {name: a%d, chroma: {}, dependsOn: [b%d]}\n  - {name: b%d, chroma: {}, dependsOn: [a%d]}\n", "")
	},
	"depends on everything": dense,
	"unknown dependencies": func() string {
		return fill(hostileHead+"  services:\n"+strings.Repeat("  - {name: ssssssssssssssssssssssssssssssssssssssssssssssss, chroma: {}}\n", 1000)+"  - {name: t, chroma: {}, dependsOn: [", "ssssssssssssssssssssssssssssssssssssssssssssssst%d,", "]}\n")
	},
	"long names": func() string {
		return fill(hostileHead+"  services:\n", "  - {name: "+strings.Repeat("s", 60)+"%d, group: g%d, chroma: {}}\n", "")
	},
	"a list of commas":        func() string { return fill(hostileArgs+"          a: [", "a,", "]\n") },
	"a mapping of commas":     func() string { return fill(hostileArgs+"          a: {", "a,", "}\n") },
	"explicit keys":           func() string { return fill(hostileArgs+"          a: [", "?,", "]\n") },
	"nothing":                 func() string { return fill("[", ",", "]") },
	"dashes":                  func() string { return fill("", "- \n", "") },
	"nested dashes":           func() string { return fill("", "- ", "") },
	"nested brackets":         func() string { return fill("", "[", "") },
	"nested braces":           func() string { return fill("", "{a: ", "") },
	"nested brackets, closed": func() string { return strings.Repeat("[", 9000) + strings.Repeat("]", 9000) },
	"one indent after another": func() string {
		var b strings.Builder
		for i := 0; b.Len() < MaxFile-2000; i++ {
			b.WriteString(strings.Repeat(" ", i%1400) + "a:\n")
		}
		return b.String()
	},
	"an alias bomb": func() string {
		text := hostileArgs + "          a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
		for i := 1; i < 200; i++ {
			text += fmt.Sprintf("          a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
		}
		return text
	},
	"aliases of a large one": func() string {
		return fill(hostileArgs+"          a: &a ["+strings.Repeat("x,", 5000)+"]\n          b: [", "*a,", "]\n")
	},
	"anchors":    func() string { return fill(hostileArgs+"          a: [", "&a%d x,", "]\n") },
	"a huge key": func() string { return hostileArgs + "          " + strings.Repeat("k", MaxFile-1000) + ": 1\n" },
	"a huge key with many in": func() string {
		return fill(hostileArgs+"          ? "+strings.Repeat("k", MaxFile/2)+"\n          : {", "a%d: 1,", "}\n")
	},
	"long keys in long keys": func() string {
		text := ""
		for range 30 {
			text += "{" + strings.Repeat("k", 10_000) + ": "
		}
		return fill(hostileArgs+"          a: "+text+"[", "1,", "]"+strings.Repeat("}", 30)+"\n")
	},
	"unknown fields":        func() string { return fill(hostileHead, "  replicsa%d: 1\n", "") },
	"unknown fields, short": func() string { return fill(hostileHead+"  services: [", "{a: 1},", "]\n") },
	"keys that come twice":  func() string { return fill(hostileArgs, "          a: 1\n", "") },
	"a huge number":         func() string { return hostileArgs + "          a: " + strings.Repeat("9", MaxFile-1000) + "\n" },
	"a huge sexagesimal":    func() string { return fill(hostileArgs+"          a: 1", ":1", "\n") },
	"a huge fraction":       func() string { return hostileArgs + "          a: 0." + strings.Repeat("0", MaxFile-1000) + "1\n" },
	"huge numbers": func() string {
		return hostileHead + "  services: [{name: s, replicas: " + strings.Repeat("9", MaxFile-1000) + "}]\n"
	},
	"a huge word": func() string {
		return hostileHead + "  services: [{name: s, vllm: {model: " + strings.Repeat("m", MaxFile-1000) + "}}]\n"
	},
	"a huge name": func() string {
		return hostileHead + "  services: [{name: " + strings.Repeat("s", MaxFile-1000) + ", chroma: {}}]\n"
	},
	"a huge duration": func() string {
		return hostileHead + "  services: [{name: s, chroma: {}, fence: " + strings.Repeat("1h", MaxFile/2-500) + "}]\n"
	},
	"a huge image": func() string {
		return hostileHead + "  services: [{name: s, chroma: {}, image: docker://a" + strings.Repeat("/a", MaxFile/2-500) + "}]\n"
	},
	"words to fill in": func() string {
		return fill(hostileHead+"  services:\n    - name: s\n      process:\n        command: [x, \"", "$(DATA)", "\"]\n")
	},
	"many words to fill in": func() string {
		return fill(hostileHead+"  services:\n    - name: s\n      process:\n        command: [x, ", "$(DATA),", "]\n")
	},
	"labels": func() string {
		return fill("apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: e, labels: {", "a%d: x,", "}}\nspec: {}\n")
	},
	"comments":             func() string { return fill(hostileOne, "# a\n", "") },
	"comments, spaced":     func() string { return fill(hostileOne, "# a\n\n", "") },
	"comments in lists":    func() string { return fill(hostileArgs+"          a:\n", "          - x # a\n          # b\n", "") },
	"an open quote":        func() string { return fill(hostileArgs+"          a: \"", "x\n", "") },
	"an error at the end":  func() string { return fill(hostileArgs, "          a%d: x\n", "          b: [\n") },
	"lines, then an error": func() string { return fill(hostileOne, "\n", "\tx: {\n") },
	"no text":              func() string { return strings.Repeat("\x00\xff", MaxFile/2) },
	"a tag on everything":  func() string { return fill(hostileArgs+"          a: [", "!t x,", "]\n") },
	"a block of text":      func() string { return fill(hostileArgs+"          a: |\n", "            x\n", "") },
	"a folded block":       func() string { return fill(hostileArgs+"          a: >\n", "            x\n", "") },
	"a sweep of many":      func() string { return fill(hostileOne+"  sweep: {matrix: {services.s.vllm.args.a: [", "%d,", "]}}\n") },
	"a sweep of sweeps": func() string {
		text := hostileOne + "  sweep:\n    matrix:\n"
		for i := range 12 {
			text += fmt.Sprintf("      services.s.vllm.args.a%d: [%s]\n", i, strings.TrimSuffix(strings.Repeat("1, 2, 3, 4, 5, 6, 7, 8, ", 20), ", "))
		}
		return text
	},
	"points of a large one": func() string {
		return fill(hostileHead+"  sweep: {matrix: {benchmarks.b.serving.seed: ["+numbers(2000)+"]}}\n  benchmarks: [{name: b, target: s0, serving: {dataset: json}}]\n  services:\n", "  - {name: s%d, chroma: {}}\n", "")
	},
	"points of a long text": func() string {
		return hostileHead + "  sweep: {matrix: {services.s.vllm.args.x: [" + numbers(2000) + "]}}\n  services: [{name: s, vllm: {model: m, args: {a: \"" + strings.Repeat("x", MaxFile/2) + "\"}}}]\n"
	},
	"points of long texts": func() string {
		return fill(hostileHead+"  sweep: {matrix: {services.s.vllm.args.x: ["+numbers(2000)+"]}}\n  services: [{name: s, vllm: {model: m, args: {", "a%d: \""+strings.Repeat("x", 5000)+"\",", "}}}]\n")
	},
	"exclusions": func() string {
		return fill(hostileOne+"  sweep: {matrix: {services.s.vllm.args.a: ["+numbers(2000)+"]}, exclude: [", "{services.s.vllm.args.a: a%d},", "]}\n")
	},
	"bindings": func() string {
		return fill(hostileOne+"  sweep: {matrix: {services.s.vllm.args.a: [1, 2]}, bind: {", "services.s.vllm.args.b%d: services.s.vllm.model,", "}}\n")
	},
	"zips": func() string { return fill(hostileOne+"  sweep: {zip: {", "services.s.vllm.args.b%d: [1, 2],", "}}\n") },
	"gates": func() string {
		return fill(hostileOne+"  benchmarks:\n    - name: b\n      target: s\n      serving: {dataset: json}\n      gates: [", "{metric: a.b},", "]\n")
	},
	"stages": func() string {
		return fill(hostileOne+"  benchmarks:\n    - name: b\n      target: s\n      serving: {dataset: json, stages: [", "{rate: 1, prompts: 1},", "]}\n")
	},
	"runs upon runs": func() string {
		return fill(hostileOne+"  benchmarks:\n", "  - {name: b%d, target: s, repeats: 1000, serving: {dataset: json}}\n", "")
	},
	"secrets": func() string {
		return fill(hostileHead+"  services:\n    - name: s\n      chroma: {}\n      secrets: {", "A%d: {env: A},", "}\n")
	},
	"site partitions": func() string {
		return fill("apiVersion: assay/v1alpha1\nkind: Site\nmetadata: {name: x}\nspec: {scheduler: slurm, defaults: {partition: q}, partitions: {", "p%d: {maxNodes: 1},", "}}\n")
	},
	"site references": func() string {
		return fill("apiVersion: assay/v1alpha1\nkind: Site\nmetadata: {name: x}\nspec: {scheduler: slurm, partitions: {p: {}}, qos: {q: {reservation: {", "p%d: x,", "}}}}\n")
	},
}

// justBelow are files that no limit keeps from being read.
var justBelow = map[string]func() string{
	"services with long names, unknown dependencies": func() string {
		var b strings.Builder
		b.WriteString(hostileHead + "  services:\n")
		for i := range maxItems {
			fmt.Fprintf(&b, "  - {name: %s%04d, chroma: {}, dependsOn: [%s%04d]}\n", strings.Repeat("s", 56), i, strings.Repeat("t", 56), i)
		}
		return b.String()
	},
	"a circle of all": func() string { return chainOf(maxItems, fmt.Sprintf("s%d", maxItems-1)) },
	"a chain of all":  func() string { return chainOf(maxItems, "") },
	"circles of two": func() string {
		return strings.Join(strings.SplitN(fill(hostileHead+"  services:\n", "  - {name: a%d, chroma: {}, dependsOn: [b%d]}\n  - {name: b%d, chroma: {}, dependsOn: [a%d]}\n", ""), "\n", maxItems+6)[:maxItems+5], "\n")
	},
	"dependencies": dense,
	"documents": func() string {
		return strings.Repeat("---\napiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: e}\nspec: {services: ["+strings.Repeat("{a},", 30)+"]}\n", 999)
	},
	"experiments": func() string {
		return fill("", "---\napiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: e%d}\nspec: {services: [{name: a, chroma: {}}], benchmarks: ["+many(18, "{name: b%d, target: a, vector: {}}")+"]}\n", "")
	},
	"points": func() string {
		return hostileHead + "  sweep: {matrix: {benchmarks.b.vector.seed: [" + numbers(maxPoints) + "]}}\n  benchmarks: [{name: b, target: s0, vector: {}}]\n  services: [" + many(9, "{name: s%d, chroma: {}}") + "]\n"
	},
	"points that all are wrong": func() string {
		return hostileHead + "  sweep: {matrix: {benchmarks.b.vector.seed: [" + numbers(maxPoints) + "]}}\n  benchmarks: [{name: b, target: s0, vector: {}}]\n  services: [" + many(9, "{name: s%d, vllm: {model: m, tensorParallel: 3}, nodes: 7}") + "]\n"
	},
	"points of texts": func() string {
		return hostileHead + "  sweep: {matrix: {services.s.vllm.args.x: [" + numbers(500) + "]}}\n  services: [{name: s, vllm: {model: m, args: {a: " + strings.Repeat("x", 60_000) + "}}}]\n"
	},
	"combinations": func() string {
		return hostileHead + "  sweep: {matrix: {services.s.vllm.args.x: [" + numbers(200) + "], services.s.vllm.args.y: [" + numbers(100) + "]}, exclude: [" + many(maxSwept, "{services.s.vllm.args.x: %d}") + "]}\n  services: [{name: s, vllm: {model: m}}]\n"
	},
	"zipped paths": func() string {
		return hostileHead + "  sweep: {zip: {" + many(99, "services.s.vllm.args.x%d: ["+numbers(200)+"]") + "}}\n  services: [{name: s, vllm: {model: m}}]\n"
	},
	"values": func() string {
		return fill(hostileHead+"  services: [", "{name: s%d, chroma: {}, env: {"+many(60, "A%d: x")+"}},", "]\n")
	},
	"deep arguments": func() string {
		return fill(hostileArgs, "          a%d: "+strings.Repeat("{aaaaaaaaaaaaaaa: ", 30)+"x"+strings.Repeat("}", 30)+"\n", "")
	},
}

// many is a list of n parts that number themselves.
func many(n int, part string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(part, "%d", strconv.Itoa(i)) + ", ")
	}
	return strings.TrimSuffix(b.String(), ", ")
}

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,", i)
	}
	return b.String()
}

// chain is services that wait for the one before; the first one waits for end.
func chain(end string) string { return chainOf(10_000, end) }

func chainOf(n int, end string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  services:\n  - {name: s0, chroma: {}, dependsOn: [%s]}\n", hostileHead, end)
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "  - {name: s%d, chroma: {}, dependsOn: [s%d]}\n", i, i-1)
	}
	return b.String()
}

// dense is services each of which waits for all others.
func dense() string {
	const n = 350
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("s%d", i))
	}
	var b strings.Builder
	b.WriteString(hostileHead + "  services:\n")
	for _, name := range all {
		fmt.Fprintf(&b, "  - {name: %s, chroma: {}, dependsOn: [%s]}\n", name, strings.Join(all, ","))
	}
	return b.String()
}

// hostileFile makes the test binary read one hostile file, so that its memory is its own.
const hostileFile = "V1ALPHA1_HOSTILE"

func TestMain(m *testing.M) {
	if name := os.Getenv(hostileFile); name != "" {
		var files []File
		for i := range hostileFiles(name) {
			files = append(files, File{fmt.Sprintf("in%d.yaml", i), []byte(hostileText(name)())})
		}
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := LoadFollowed(files, nil, "")
		runtime.ReadMemStats(&after)
		fmt.Printf("%d ", (after.TotalAlloc-before.TotalAlloc)>>20)
		if err != nil {
			fmt.Println(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// hostileFiles is how many files of a kind are read at once.
func hostileFiles(name string) int {
	if strings.HasPrefix(name, "4 of ") {
		return MaxManifest / MaxFile
	}
	return 1
}

func hostileText(name string) func() string {
	name = strings.TrimPrefix(name, "4 of ")
	if text := justBelow[name]; text != nil {
		return text
	}
	return hostile[name]
}

// TestAHostileFileCostsLittle reads each in a process of its own, as a manifest.
func TestAHostileFileCostsLittle(t *testing.T) {
	names := slices.Concat(slices.Sorted(maps.Keys(hostile)), slices.Sorted(maps.Keys(justBelow)), []string{"4 of values", "4 of documents", "4 of comments in lists", "4 of experiments", "4 of an error at the end"})
	for _, name := range names {
		text := hostileText(name)
		if n := len(text()); n > MaxFile {
			t.Errorf("%s: the file has %d bytes", name, n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a guard against what never ends
		c := exec.CommandContext(ctx, os.Args[0])
		c.Env = append(os.Environ(), hostileFile+"="+name)
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		err := c.Run()
		cancel()
		usage := c.ProcessState.SysUsage().(*syscall.Rusage)
		peak := usage.Maxrss >> 10 // MiB
		cpu := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
		first, rest, _ := strings.Cut(out.String(), "\n")
		if testing.Verbose() {
			t.Logf("%-25s %4d MiB %8s, allocated MiB: %.140s (and %d bytes)", name, peak, cpu.Round(time.Millisecond), first, len(rest))
		}
		var allocated int // MiB: what it does, whatever else the machine does
		_, _ = fmt.Sscanf(first, "%d", &allocated)
		if err != nil || peak > 200 || allocated > 400 {
			t.Errorf("%s: took %d MiB and %s: %v: %.300s", name, peak, cpu, err, first)
		}
		if len(out.String()) > 64<<10 {
			t.Errorf("%s: %d bytes are said of it", name, out.Len())
		}
	}
}
