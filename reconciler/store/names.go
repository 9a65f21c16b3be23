package store

import (
	"net/url"
	"strings"
)

// safe turns any name into one element of a path, and named reads it back. DNS labels stay as they are.
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
		return element // not written by safe; it is reported where it is read
	}
	return name
}
