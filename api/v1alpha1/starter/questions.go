package starter

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// errNoAnswer ends the questions.
var errNoAnswer = errors.New("no answer; type: assay init serving, with flags instead of questions")

// Ask asks for what is not given, with a default for everything. sites are those that are known.
func Ask(in io.Reader, out io.Writer, a Answers, sites []string) (Answers, error) {
	lines := bufio.NewReader(in)
	ask := func(question, otherwise string, value *string) error {
		if *value != "" {
			return nil
		}
		fmt.Fprintf(out, "%s [%s]: ", question, otherwise)
		line, err := lines.ReadString('\n')
		if err != nil {
			fmt.Fprintln(out)
			return errNoAnswer
		}
		*value = cmp.Or(strings.TrimSpace(line), otherwise)
		return nil
	}
	if a.Kind == "" {
		for _, k := range Kinds {
			fmt.Fprintf(out, "  %-8s %s\n", k, Meaning[k])
		}
	}
	for !slices.Contains(Kinds, a.Kind) {
		a.Kind = ""
		if err := ask("What is it for?", Kinds[0], &a.Kind); err != nil {
			return a, err
		}
	}
	const simulated = "a simulated one, which needs no GPU"
	err := ask("Its name?", a.Kind, &a.Name)
	switch {
	case err != nil:
	case a.Kind == "storage":
		err = ask("Which directory? Below the site's own:", "scratch", &a.Path)
	default:
		if err = ask("Which model?", simulated, &a.Model); a.Model == simulated {
			a.Model = ""
		}
	}
	if err == nil {
		err = ask("At which site? Known: "+strings.Join(append([]string{"local, this machine"}, sites...), "; "), "local", &a.Site)
	}
	return a, err
}
