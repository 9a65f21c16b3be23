package web

import (
	"fmt"
	"net/http"
	"strings"

	"assay/drivers/listen"
)

// policy lets a page use its own files alone: no script, no style and no address in it counts.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// protect answers who proves nothing, before anything of the request is looked at.
func (s *Server) protect(next http.Handler) http.Handler {
	foreign := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers(w.Header())
		switch {
		case r.URL.Path == "/healthz":
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			fmt.Fprintln(w, "ok")
			return
		case r.URL.Path == "/login" && r.Method == http.MethodPost:
			s.login(w, r, r.PostFormValue("token"), "/")
			return
		case r.Method == http.MethodGet && r.URL.Query().Has("token"):
			q := r.URL.Query()
			token := q.Get("token")
			q.Del("token")
			to := *r.URL
			to.RawQuery = q.Encode()
			s.login(w, r, token, to.RequestURI())
			return
		}
		a := s.access(r)
		if !a.reads {
			s.refuse(w, r)
			return
		}
		if c := listen.ConnOf(r.Context()); c != nil {
			c.Prove()
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			if err := foreign.Check(r); err != nil {
				fail(w, r, &failure{http.StatusForbidden, "this was asked by a page of another site: " + err.Error()})
				return
			}
			if err := mayAct(r, a); err != nil {
				fail(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(withAccess(r.Context(), a)))
	})
}

func headers(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// access is what a request may do, by its token or its cookie.
func (s *Server) access(r *http.Request) access {
	if r.Header.Get("Authorization") != "" {
		acts := listen.Carries(r, s.o.Act)
		return access{reads: acts || listen.Carries(r, s.o.Token), acts: acts}
	}
	c, err := r.Cookie(s.sessions.cookie)
	if err != nil {
		return access{}
	}
	return s.sessions.of(c.Value)
}

// login exchanges a token for a cookie, so that it stays in no address, no history and no picture of the screen.
func (s *Server) login(w http.ResponseWriter, r *http.Request, token, to string) {
	acts := listen.Same(token, s.o.Act)
	if !acts && !listen.Same(token, s.o.Token) {
		s.refuse(w, r)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: s.sessions.cookie, Value: s.sessions.begin(acts), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, "/\\") {
		to = "/"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// refuse says how to get in.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	if isAPI(r) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		fail(w, r, &failure{http.StatusUnauthorized, "a token is needed: Authorization: Bearer, with the token that assay web prints"})
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusUnauthorized)
	_ = templates()["login"].ExecuteTemplate(w, "login", nil) // a stranger's connection
}

// mayAct refuses who may only read, and forms that this page did not write.
func mayAct(r *http.Request, a access) error {
	switch {
	case !a.acts:
		return &failure{http.StatusForbidden, "this token may only read; start the page with assay web --allow-actions, and open the address for acting that it prints"}
	case a.form != "" && !listen.Same(r.PostFormValue("form"), a.form):
		return &failure{http.StatusForbidden, "the form is of another session; load its page again"}
	}
	return nil
}
