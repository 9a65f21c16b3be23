package store

import (
	"net/url"
	"strings"
)

// safe makes one element of a path of any name, and named reads it back. DNS labels stay as they are.
func safe(name string) string {
	s := url.PathEscape(name)
	if strings.HasPrefix(s, ".") {
		s = "%2E" + s[1:]
	}
	return s
}

func named(element string) string {
	name, err := url.PathUnescape(element)
	if err != nil {
		return element // not ours; it is reported where it is read
	}
	return name
}
