package v1alpha1

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
)

var dnsLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// rules is the validator of the validate tags of types.go, with two tags of this package.
var rules = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return name
	})
	own := map[string]func(string) bool{
		"dnslabel": dnsLabel.MatchString,
		"httpurl":  isHTTPURL,
	}
	for tag, f := range own {
		err := v.RegisterValidation(tag, func(l validator.FieldLevel) bool { return f(l.Field().String()) })
		if err != nil {
			panic("v1alpha1: registering rule " + tag + ": " + err.Error())
		}
	}
	return v
})

// isHTTPURL accepts the address of a server. A password in it would appear in job comments and process listings; a
// query would be lost when a path is appended.
func isHTTPURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return false
	}
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	port, err := strconv.Atoi(u.Port())
	return err == nil && port >= 1 && port <= 65535
}

// tags applies the validate tags to a Site or an Experiment.
func (c *checker) tags(v any) {
	var broken validator.ValidationErrors
	if !errors.As(rules().Struct(v), &broken) {
		return
	}
	for _, e := range broken[:min(len(broken), maxProblems)] {
		_, path, _ := strings.Cut(e.Namespace(), ".")
		switch e.Tag() {
		case "required":
			c.lacks(parent(path), path, "is required", "")
		case "oneof":
			words := strings.Fields(e.Param())
			word := e.Value().(string)
			c.bad(path, "must be one of "+strings.Join(words, ", ")+", found "+brief(word), valueHint(word, words))
		case "dnslabel":
			word := e.Value().(string)
			c.bad(path, "must be at most 63 of a-z, 0-9 and -, with - neither first nor last, found "+brief(word), labelHint(word))
		case "httpurl":
			c.bad(path, "must be a URL such as http://host:8000, without user, password or query", "")
		case "gte", "min":
			c.bad(path, fmt.Sprintf("must be at least %s, found %v", e.Param(), e.Value()), "")
		case "gt":
			c.bad(path, fmt.Sprintf("must be more than %s, found %v", e.Param(), e.Value()), "")
		case "lte":
			c.bad(path, fmt.Sprintf("must be at most %s, found %v", e.Param(), e.Value()), "")
		default:
			c.bad(path, "breaks the rule "+e.Tag(), "")
		}
	}
}

// near is the hint for a word that should be one of a list that the message has already given.
func near(word string, words []string) string {
	if name := Nearest(word, words); name != "" {
		return "did you mean " + name + "?"
	}
	return ""
}

var notLabel = regexp.MustCompile(`[^a-z0-9]+`)

func labelHint(word string) string {
	label := strings.Trim(notLabel.ReplaceAllString(strings.ToLower(word), "-"), "-")
	if !dnsLabel.MatchString(label) {
		return ""
	}
	return "did you mean " + label + "?"
}
