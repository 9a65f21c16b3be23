package fields

import (
	"cmp"
	"reflect"
	"regexp"
	"strings"
)

// meaning is what a field is for: the words of this package with the comment of the field; without both, that of its type.
func meaning(t reflect.Type, s reflect.StructField, name string) string {
	c := comments()[t.Name()]
	lead, own := words[t.Name()+"."+name].meaning, c.fields[s.Name]
	if lead == "" && own == "" {
		own = c.shared[s.Name]
	}
	own = manifestNames(t, own)
	if of := inner(s.Type); own == "" && lead == "" && of != nil {
		own = manifestNames(of, comments()[of.Name()].doc)
		if rest, ok := strings.CutPrefix(own, of.Name()+" "); ok {
			own = name + " " + rest
		}
	}
	first, _, _ := strings.Cut(own, " ")
	_, named := names(t)[first]
	return sentence(joined(lead, own, named && len(first) > 1))
}

// goesOn matches a comment that is the rest of a sentence about the field.
var goesOn = regexp.MustCompile(`^(of|that|which|whose|from|under|with|to|by|for|in|below|above|where|averaged|instead|folder) |^-?[a-z]+(_|\.)`)

// joined puts a comment behind the words that lead to it. named: the comment begins with the field's name, which stays as it is.
func joined(lead, own string, named bool) string {
	switch {
	case own == "":
		return lead
	case lead == "" && named:
		return own
	case lead == "":
		return upper(own)
	case !named && (goesOn.MatchString(own) || strings.HasSuffix(lead, ":") || strings.HasSuffix(lead, ",")):
		return lead + " " + own
	case strings.HasPrefix(own, "default"):
		return lead + "; " + own
	case named:
		return sentence(lead) + " " + own
	}
	return sentence(lead) + " " + upper(own)
}

func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") || strings.HasSuffix(text, "…") {
		return text
	}
	return text + "."
}

// names are the fields of a struct, as the manifest writes them.
func names(t reflect.Type) map[string]bool {
	out := map[string]bool{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		out[name] = true
	}
	return out
}

// manifestNames writes the names of a type's fields in a comment as the manifest does.
func manifestNames(t reflect.Type, text string) string {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || !strings.Contains(text, f.Name) {
			continue
		}
		// A name that is also a word of English is one where the sentence begins with it and goes on as about a field.
		word := regexp.QuoteMeta(f.Name)
		text = regexp.MustCompile(`^`+word+`( (?:is|are|says|has|have|allows|bounds|raises|measure|holds|and \w+ are|, \w+)\b|, )`).ReplaceAllString(text, name+"$1")
		if strings.ToLower(f.Name[1:]) != f.Name[1:] {
			text = regexp.MustCompile(`(^|[^=\w])`+word+`\b`).ReplaceAllString(text, "${1}"+name)
		}
	}
	return text
}

// How comments say what a default is, in the order in which they are tried. The first group is the default.
var defaults = []*regexp.Regexp{
	regexp.MustCompile(`([\w.]+) \(default`),
	regexp.MustCompile(`([\w.]+), the default`),
	regexp.MustCompile(`\b[Dd]efault:? (.+?)(?:;|\. |\.$|$)`),
	regexp.MustCompile(`(\S+) by default`),
}

// defaultOf is what holds when a field is left out.
func defaultOf(f Field, key string) string {
	if own := words[key].otherwise; own != "" {
		return own
	}
	for _, r := range defaults {
		if found := r.FindStringSubmatch(f.Meaning); found != nil {
			return trimmed(found[1])
		}
	}
	switch f.Type.Kind() {
	case reflect.Bool:
		return "false"
	case reflect.Int64:
		if f.Name == "seed" {
			return "0"
		}
	}
	return "not set"
}

// trimmed ends a default where a bracket closes that was opened before it.
func trimmed(text string) string {
	if strings.Count(text, ")") > strings.Count(text, "(") {
		text = text[:strings.LastIndex(text, ")")]
	}
	return text
}

// exampleOf is a value that could be written.
func exampleOf(f Field, key string) string {
	first := ""
	if len(f.Values) > 0 {
		first = f.Values[len(f.Values)-1]
		if f.Type.Kind() == reflect.Slice {
			first = "[" + first + "]"
		}
	}
	return cmp.Or(words[key].example, first, shapeOf(f.Type).example)
}
