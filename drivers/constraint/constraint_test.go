package constraint

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const person = `{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":120},
 "tags":{"type":"array","items":{"enum":["a","b"]},"maxItems":3},"mail":{"type":"string","format":"email"},"boss":{"$ref":"#/$defs/boss"}},
 "required":["name","age"],"additionalProperties":false,"$defs":{"boss":{"type":"object","properties":{"id":{"type":"string","pattern":"^[a-z]{3}$"}},"required":["id"]}}}`

const sql = `root ::= select_statement
select_statement ::= "SELECT " column " from " table " where " condition
column ::= "col_1 " | "col_2 "
table ::= "table_1 " | "table_2 "
condition ::= column "= " number
number ::= "1 " | "2 "
`

const lark = `
?start: sum          // left recursion, as people write it
sum: sum "+" product | product
product: product "*" atom | atom
atom: [0-9]+ | "(" sum ")"
`

func compile(t interface{ Fatal(...any) }, c Constraint) *Compiled {
	k, err := Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		c         Constraint
		good, bad []string
		cut       []string // wrong only because it ends too early
	}{
		"choice": {Constraint{Choice: []string{"Positive", "Negative"}}, []string{"Positive"}, []string{"positive", "Positive ", "x"}, []string{"Pos", ""}},
		"regex": {Constraint{Regex: `\w+@\w+\.com\n`}, []string{"ada@example.com\n"},
			[]string{"ada@example.com\nmore", "ada example", "@x.com\n"}, []string{"ada", "ada@example.com", ""}},
		"schema": {Constraint{JSON: json.RawMessage(person)}, []string{`{"name":"Ada","age":36}`, ` {"name":"A","age":1,"tags":["a"],"boss":{"id":"abc"}} `},
			[]string{`{"name":"Ada"}`, `{"name":"Ada","age":-1}`, `{"name":"A","age":1,"more":1}`, `{"name":"A","age":1} {}`, `{"name":"A","age":1,"boss":{"id":"ABC"}}`, `nonsense`},
			[]string{`{"name":"Ada","ag`, ``}},
		"gbnf": {Constraint{Grammar: sql}, []string{"SELECT col_1  from table_2  where col_2 = 1 "},
			[]string{"SELECT col_3  from table_2  where col_2 = 1 ", "select", "SELECT col_1  from table_2  where col_2 = 1  "}, []string{"SELECT col_1  from", ""}},
		"lark":       {Constraint{Grammar: lark}, []string{"1", "1+2*(3+4)", "((7))"}, []string{"1++2", ")", "1a"}, []string{"1+", "(1", ""}},
		"repeats":    {Constraint{Grammar: `root ::= ("a" "b"?)* [^x-z]+ 'q'`}, []string{"ababaq1q", "qq", "aaqq"}, []string{"abx", "z"}, []string{"ab", "abqw"}},
		"over lines": {Constraint{Grammar: "root ::= (\n \"a\" # first\n \"b\"\n | 'c'\n)\n  tail // second\ntail ::= \"\\u00e9\" | [\\]\\-x]\n"}, []string{"abé", "c]", "c-", "cx"}, []string{"a]", "d", "abéé"}, []string{"ab", "c", "a"}},
		"counts":     {Constraint{Grammar: `root ::= "ab"{2} [0-9]{1,3} "c"{2,} "d"{0,1}`}, []string{"abab1cc", "abab123ccccd"}, []string{"ab1cc", "abab1234cc", "abab1ccdd", "ababcc"}, []string{"aba", "abab1c"}},
		"patterns": {Constraint{Grammar: "?start: \"SELECT \" name (\",\" name)* WORD\nname: /[a-z_][a-z0-9_]*/\nWORD: / from .{2}|\\/(x|y){2}/i"},
			[]string{"SELECT a,b_1 FROM xé", "SELECT a/xY"}, []string{"SELECT 1a from xy", "SELECT a/xz"}, []string{"SELECT a,", "SELECT a From x", "SELECT a/X"}},
		"empty rules": {Constraint{Grammar: "root ::= a a \"x\"\na ::= \"y\" | \"\""}, []string{"x", "yx", "yyx"}, []string{"yyyx", "z"}, []string{"yy", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			k := compile(t, tc.c)
			for _, s := range tc.good {
				if err := k.Check(s); err != nil {
					t.Errorf("%q: %v", s, err)
				}
			}
			for cut, list := range map[bool][]string{false: tc.bad, true: tc.cut} {
				for _, s := range list {
					v, ok := errors.AsType[*Violation](k.Check(s))
					if !ok || v.Truncated != cut {
						t.Errorf("%q: %+v, want truncated %v", s, v, cut)
					}
				}
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, c := range map[string]Constraint{
		"nothing":        {},
		"two":            {Regex: "a", Choice: []string{"b"}},
		"bad regex":      {Regex: "a("},
		"bad schema":     {JSON: json.RawMessage(`{"type":"objekt"}`)},
		"not json":       {JSON: json.RawMessage(`{`)},
		"remote schema":  {JSON: json.RawMessage(`{"$ref":"https://example.org/s.json"}`)},
		"undefined rule": {Grammar: `root ::= nothing`},
		"endless rule":   {Grammar: `root ::= "a" root`},
		"open string":    {Grammar: `root ::= "a`},
		"deep groups":    {Grammar: "root ::= " + strings.Repeat("(", 1000) + `"a"` + strings.Repeat(")", 1000)},
		"open group":     {Grammar: `root ::= ("a"`},
		"closed twice":   {Grammar: `root ::= "a")`},
		"empty class":    {Grammar: `root ::= []`},
		"backward range": {Grammar: `root ::= [z-a]`},
		"unknown escape": {Grammar: `root ::= [\d]`},
		"no repetition":  {Grammar: `root ::= "a"{x}`},
		"too many times": {Grammar: `root ::= "a"{2000}`},
		"too many rules": {Grammar: "root ::= " + strings.Repeat(`"a"{0,1000} `, 100)},
		"directive":      {Grammar: "start: \"a\"\n%ignore WS"},
		"anchor":         {Grammar: `start: /^a$/`},
		"twice":          {Grammar: "root ::= \"a\"\nroot ::= \"b\""},
	} {
		if _, err := Compile(c); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// What is generated satisfies the constraint, whatever the random numbers; and what is generated varies.
func TestGeneratedConforms(t *testing.T) {
	for name, c := range map[string]Constraint{
		"schema": {JSON: json.RawMessage(person)}, "regex": {Regex: `\w+@\w+\.com\n`}, "gbnf": {Grammar: sql}, "lark": {Grammar: lark},
		"negated": {Grammar: `root ::= [^a-zA-Z0-9"]{3} [^\x00-\x7e]+`}, "nested": {Regex: strings.Repeat("(", 30) + "a|b" + strings.Repeat(")*", 30)},
		"hollow": {Regex: "x?" + strings.Repeat("(", 30) + strings.Repeat(")*", 30)}, "bush": {Grammar: `e ::= e e e | "a" | "b"`},
		"choice": {Choice: []string{"a", "b"}}, "classes": {Regex: `^(?:[A-F]{2,4}|\d+-\d?)x*$`},
	} {
		t.Run(name, func(t *testing.T) {
			k := compile(t, c)
			seen := map[string]bool{}
			rapid.Check(t, func(t *rapid.T) {
				s, err := k.Generate(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
				if err != nil {
					t.Fatal(err)
				}
				if err := k.Check(s); err != nil {
					t.Fatalf("%q: %v", s, err)
				}
				seen[s] = true
			})
			if len(seen) < 2 {
				t.Errorf("always %v", seen)
			}
		})
	}
}

// dumb decides membership in the arithmetic of lark by recursive descent, a quite different way.
func dumb(s string) bool {
	rest, ok := dumbSum(s)
	return ok && rest == ""
}

func dumbSum(s string) (string, bool) { return dumbChain(s, "+", dumbProduct) }

func dumbProduct(s string) (string, bool) { return dumbChain(s, "*", dumbAtom) }

func dumbChain(s, op string, part func(string) (string, bool)) (string, bool) {
	rest, ok := part(s)
	for ok && strings.HasPrefix(rest, op) {
		rest, ok = part(rest[1:])
	}
	return rest, ok
}

func dumbAtom(s string) (string, bool) {
	if strings.HasPrefix(s, "(") {
		rest, ok := dumbSum(s[1:])
		return strings.TrimPrefix(rest, ")"), ok && strings.HasPrefix(rest, ")")
	}
	rest := strings.TrimLeft(s, "0123456789")
	return rest, rest != s
}

func TestEarleyAgreesWithADumbTwin(t *testing.T) {
	k := compile(t, Constraint{Grammar: lark})
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOfN(rapid.SampledFrom([]rune("12+*()")), 0, 12, -1).Draw(t, "text")
		if got := k.Check(s) == nil; got != dumb(s) {
			t.Fatalf("%q: Earley says %v, the twin %v", s, got, dumb(s))
		}
	})
}

// A beginning of a match is called truncated, never wrong.
func TestPrefixesAreTruncated(t *testing.T) {
	for _, c := range []Constraint{{Regex: `\w+@\w+\.com\n`}, {Grammar: sql}, {Choice: []string{"alpha", "beta"}}} {
		k := compile(t, c)
		rapid.Check(t, func(t *rapid.T) {
			s, err := k.Generate(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
			if err != nil {
				t.Fatal(err)
			}
			n := rapid.IntRange(0, len(s)-1).Draw(t, "cut")
			if v, bad := errors.AsType[*Violation](k.Check(s[:n])); bad && !v.Truncated {
				t.Fatalf("%q of %q: %v", s[:n], s, v)
			}
		})
	}
}

func FuzzGrammar(f *testing.F) {
	for _, s := range []string{sql, lark, `root ::= ("a" | [b-c])*`, `a:`, "x ::= \"\\u00e9\""} {
		f.Add(s, "SELECT")
	}
	f.Fuzz(func(t *testing.T, source, text string) {
		if k, err := Compile(Constraint{Grammar: source}); err == nil && len(text) < 100 && len(source) < 500 {
			_ = k.Check(text) // no panic is what is wanted
		}
	})
}

func BenchmarkGrammarCheck(b *testing.B) {
	k := compile(b, Constraint{Grammar: lark})
	text := strings.Repeat("(12+34)*", 63) + "5"
	for b.Loop() {
		if err := k.Check(text); err != nil {
			b.Fatal(err)
		}
	}
}
