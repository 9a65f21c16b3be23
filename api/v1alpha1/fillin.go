package v1alpha1

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// jobWords are what a job fills in, in commands and variables: $(WORD). PORT can have a name: $(PORT:NAME).
var jobWords = []string{"PORT", "HOST", "NODE", "ADDR", "DATA", "CONF", "ASSAY", "NONCE"}

var (
	fillIn     = regexp.MustCompile(`\$\(([A-Za-z_][A-Za-z0-9_.:@-]*)\)`)
	filledIn   = regexp.MustCompile(`^((PORT|RELAY)(:[a-z0-9-]+)?(@[a-z0-9.-]+)?|` + strings.Join(jobWords, "|") + `)$`)
	shellWord  = regexp.MustCompile(`\$(\{[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z_][A-Za-z0-9_]*)`)
	credential = regexp.MustCompile(`(?i)(TOKEN|KEY|SECRET|PASSWORD)$`)
)

// fillIns refuses $(WORD)s that nobody fills in, and warns of ${WORD}s, which only a shell does.
func (c *checker) fillIns(at string, s Service) {
	for name, argv := range s.commands() {
		script := false // what a shell reads has words of its own
		for i, word := range argv {
			if !script {
				c.fillIn(fmt.Sprintf("%s.%s[%d]", at, name, i), word)
			}
			script = script || word == "-c" && slices.Contains([]string{"sh", "bash", "dash", "ksh", "zsh"}, path.Base(argv[0]))
		}
	}
	for name, value := range s.Env {
		if !strings.Contains(value, "$") {
			continue
		}
		where := at + ".env[" + name + "]"
		if credential.MatchString(name) && shellWord.MatchString(value) {
			c.bad(where, brief(value)+" is not replaced: no shell reads it", "write secrets: {"+cut(name)+": {env: "+cut(name)+"}}")
			continue
		}
		c.fillIn(where, value)
	}
	for name, model := range s.modelNames() {
		if !strings.Contains(model, "$") {
			continue
		}
		if shellWord.MatchString(model) || fillIn.MatchString(model) {
			c.bad(at+"."+name, "no job fills in "+brief(model), "write the name itself; a model that varies is a sweep")
		}
	}
}

// fillIn checks one text.
func (c *checker) fillIn(at, text string) {
	if !strings.Contains(text, "$") {
		return
	}
	for _, found := range fillIn.FindAllStringSubmatch(text, -1) {
		if word := found[1]; !filledIn.MatchString(word) {
			hint := "the words are $(" + strings.Join(jobWords, "), $(") + ") and $(PORT:NAME)"
			if near := Nearest(word, jobWords); near != "" {
				hint = "did you mean $(" + near + ")?"
			}
			c.bad(at, "nobody fills in $("+cut(word)+")", hint)
			return
		}
	}
	word := shellWord.FindString(text)
	name := strings.Trim(word, "${}")
	switch {
	case word == "":
	case slices.Contains(jobWords, name):
		c.bad(at, word+" is not replaced: no shell reads it", "write $("+name+")")
	default:
		c.warn(at, cut(word)+" is passed on as it is: no shell reads it", "write the value, or let a shell do it: command: [sh, -c, …]")
	}
}

// commands are the lists of words that start the processes of a service, by their fields.
func (s Service) commands() map[string][]string {
	out := map[string][]string{}
	switch {
	case s.Process != nil:
		out["process.command"] = s.Process.Command
	case s.VLLM != nil:
		out["vllm.command"], out["vllm.ray"] = s.VLLM.Command, s.VLLM.Ray
	case s.SGLang != nil:
		out["sglang.command"] = s.SGLang.Command
	case s.LlamaCpp != nil:
		out["llamacpp.command"] = s.LlamaCpp.Command
	case s.Chroma != nil:
		out["chroma.command"] = s.Chroma.Command
	}
	return out
}

// modelNames are the models of a service, by their fields.
func (s Service) modelNames() map[string]string {
	switch {
	case s.VLLM != nil:
		return map[string]string{"vllm.model": s.VLLM.Model}
	case s.SGLang != nil:
		return map[string]string{"sglang.model": s.SGLang.Model}
	case s.LlamaCpp != nil:
		return map[string]string{"llamacpp.model": s.LlamaCpp.Model}
	}
	return nil
}
