package redact

import "sync"

// cached bounds how many messages a Cache remembers.
const cached = 4096

// Cache is Message for those who say the same again and again, with secrets that become known one after the other. The zero
// value knows none. It is safe for concurrent use.
type Cache struct {
	mu     sync.Mutex
	known  map[string]bool
	values *Values // nil: of known, to be made
	clean  map[string]string
}

// Learn adds secrets. What was cleaned before is cleaned anew.
func (c *Cache) Learn(secrets ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range secrets {
		if s == "" || c.known[s] {
			continue
		}
		if c.known == nil {
			c.known = map[string]bool{}
		}
		c.known[s] = true
		c.values, c.clean = nil, nil
	}
}

// Values are all that were learned.
func (c *Cache) Values() *Values {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all()
}

func (c *Cache) all() *Values {
	if c.values == nil {
		list := make([]string, 0, len(c.known))
		for s := range c.known {
			list = append(list, s)
		}
		c.values = Of(list...)
	}
	return c.values
}

// Message is what others said as it may be stored and shown; see Values.Message.
func (c *Cache) Message(text string) string {
	if text == "" {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if out, ok := c.clean[text]; ok {
		return out
	}
	out := c.all().Message(text)
	if c.clean == nil || len(c.clean) >= cached {
		c.clean = map[string]string{}
	}
	c.clean[text] = out
	return out
}
