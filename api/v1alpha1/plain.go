package v1alpha1

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Unquoted scalars that some parsers read as something else than text or a decimal number.
var (
	plainBool    = regexp.MustCompile(`^(y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF)$`)
	plainTruth   = regexp.MustCompile(`^([yY]|yes|Yes|YES|on|On|ON)$`)
	plainOctal   = regexp.MustCompile(`^[-+]?0[0-9_]+$`)
	plainSixty   = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$`)
	plainBased   = regexp.MustCompile(`^[-+]?(0[xob][0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?)$`)
	plainInteger = regexp.MustCompile(`^[-+]?[0-9]+$`)
	plainNumber  = regexp.MustCompile(`^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$`)
)

// trap returns what is ambiguous about an unquoted scalar; "" when it is not ambiguous.
func trap(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Style != 0 {
		return ""
	}
	switch v := n.Value; {
	case plainBool.MatchString(v):
		return v + " without quotes is text to some YAML parsers and " + strconv.FormatBool(plainTruth.MatchString(v)) + " to others"
	case plainOctal.MatchString(v):
		return cut(v) + " without quotes is an octal number to some YAML parsers and a decimal one to others"
	case plainSixty.MatchString(v):
		return cut(v) + " without quotes is text to some YAML parsers and a number in base 60 to others"
	case plainBased.MatchString(v):
		return cut(v) + " is not a plain decimal number"
	}
	return ""
}

// textTrap returns why n is not text, and what to write instead; message is empty when it is text. Control characters are
// refused, quoted or not: they would reach terminals and batch scripts.
func textTrap(n *yaml.Node) (message, hint string) {
	switch {
	case strings.ContainsFunc(n.Value, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		return "holds a control character: " + brief(n.Value), ""
	case trap(n) != "":
		return trap(n), "write " + strconv.Quote(cut(n.Value))
	case n.Kind != yaml.ScalarNode:
		return "must be text, found " + found(n), textHint(n)
	case n.Tag != "!!str":
		return "must be text, found " + found(n), "write " + strconv.Quote(cut(n.Value))
	}
	return "", ""
}

// scalar decodes text, a boolean or a number.
func (d *document) scalar(n *yaml.Node, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		if message, hint := textTrap(n); message != "" {
			d.wrong(n, path, message, hint)
			return
		}
		v.SetString(n.Value)
	case reflect.Bool:
		b, message, hint := boolean(n)
		if message != "" {
			d.wrong(n, path, message, hint)
		}
		v.SetBool(b)
	default:
		d.number(n, v, path)
	}
}

func boolean(n *yaml.Node) (value bool, message, hint string) {
	if t := trap(n); t != "" && plainBool.MatchString(n.Value) {
		return false, t, "write " + strconv.FormatBool(plainTruth.MatchString(n.Value))
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		return false, "must be true or false, found " + found(n), ""
	}
	return strings.EqualFold(n.Value, "true"), "", ""
}

func (d *document) number(n *yaml.Node, v reflect.Value, path string) {
	if message, hint := numberTrap(n); message != "" {
		d.wrong(n, path, message, hint)
		return
	}
	whole := v.CanInt()
	if n.Style != 0 || whole && !plainInteger.MatchString(n.Value) || !plainNumber.MatchString(n.Value) {
		hint := wholeHint(n.Value)
		if n.Tag == "!!str" && plainInteger.MatchString(n.Value) {
			hint = "write " + cut(n.Value) + " without quotes"
		}
		d.wrong(n, path, "must be "+expected(v.Type())+", found "+found(n), hint)
		return
	}
	var err error
	if whole {
		var i int64
		i, err = strconv.ParseInt(n.Value, 10, v.Type().Bits())
		v.SetInt(i)
	} else {
		var f float64
		f, err = strconv.ParseFloat(n.Value, 64)
		v.SetFloat(f)
	}
	if err != nil {
		v.SetZero()
		d.wrong(n, path, cut(n.Value)+" is out of range", "")
	}
}

// numberTrap returns what is ambiguous about n where a number is expected.
func numberTrap(n *yaml.Node) (message, hint string) {
	t := trap(n)
	if t == "" || plainBool.MatchString(n.Value) || plainSixty.MatchString(n.Value) {
		return "", ""
	}
	hint = "write it in plain decimal"
	if plainOctal.MatchString(n.Value) {
		digits := strings.ReplaceAll(n.Value, "_", "")
		if i, err := strconv.ParseInt(digits, 10, 64); err == nil {
			hint = fmt.Sprintf("write %d", i)
			if o, err := strconv.ParseInt(digits, 8, 64); err == nil && o != i {
				hint += fmt.Sprintf(" or %d", o)
			}
		}
	}
	return t, hint
}

// unmarshal decodes a scalar whose type reads JSON itself: Duration, Quantity, Rate, Time.
func (d *document) unmarshal(n *yaml.Node, u json.Unmarshaler, v reflect.Value, path string) {
	if message, hint := numberTrap(n); message != "" {
		d.wrong(n, path, message, hint)
		return
	}
	var data []byte
	switch {
	case n.Kind != yaml.ScalarNode:
	case n.Tag == "!!str" || n.Tag == "!!timestamp" && v.Type() == reflect.TypeFor[Time]():
		data, _ = json.Marshal(n.Value) // text always has a JSON form
	case plainNumber.MatchString(n.Value):
		f, _ := strconv.ParseFloat(n.Value, 64)
		if data = []byte(strconv.FormatFloat(f, 'f', -1, 64)); math.IsInf(f, 0) {
			data = nil
		}
	}
	if data == nil {
		d.wrong(n, path, "must be "+expected(v.Type())+", found "+found(n), "")
		return
	}
	if err := u.UnmarshalJSON(data); err != nil {
		v.SetZero()
		d.wrong(n, path, err.Error(), "")
	}
}

// anyScalar decodes a scalar by its own type.
func (d *document) anyScalar(n *yaml.Node, path string) any {
	switch {
	case trap(n) != "":
		hint := "write " + strconv.Quote(cut(n.Value))
		if plainBool.MatchString(n.Value) {
			hint += " or " + strconv.FormatBool(plainTruth.MatchString(n.Value))
		}
		d.wrong(n, path, trap(n), hint)
	case n.Tag == "!!null":
		return nil
	case n.Tag == "!!bool":
		return strings.EqualFold(n.Value, "true")
	case n.Style == 0 && plainNumber.MatchString(n.Value):
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || plainInteger.MatchString(n.Value) && math.Abs(f) > 1<<53 {
			d.wrong(n, path, cut(n.Value)+" is too large to be kept exactly", "write "+strconv.Quote(cut(n.Value)))
		}
		return f
	default:
		if message, hint := textTrap(n); message != "" {
			d.wrong(n, path, message, hint)
		}
		return n.Value
	}
	return nil
}

// expected names what a type is written as.
func expected(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Duration]():
		return "a duration such as 90s, 5m or 2h30m"
	case reflect.TypeFor[Quantity]():
		return "a quantity such as 512Mi or 64Gi"
	case reflect.TypeFor[Time]():
		return "a moment such as 2026-12-01T08:00:00Z"
	case reflect.TypeFor[Bound]():
		return "a number, or a time such as 500ms"
	case reflect.TypeFor[Percent]():
		return "a share such as 5%"
	case reflect.TypeFor[Repeats]():
		return "a number such as 3, or {runs: 5, deployments: 3}"
	case reflect.TypeFor[Replicas]():
		return "a number such as 2, or {min: 1, max: 4, metric: …, target: …}"
	case reflect.TypeFor[Rate]():
		return "inf or a number of requests per second"
	}
	switch t.Kind() {
	case reflect.Slice:
		return "a list"
	case reflect.Float64:
		return "a decimal number"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	}
	return "a mapping"
}

// found names what was written.
func found(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.Tag {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "the boolean " + n.Value
	case "!!int", "!!float":
		return "the number " + cut(n.Value)
	case "!!timestamp":
		return "the date " + cut(n.Value)
	}
	return "the text " + brief(n.Value)
}
