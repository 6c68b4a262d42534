// GET /whoami answers with the claims of a bearer token: server VERIFY. Each verifier keeps the key set with a library of
// its own, as that library's documentation shows.
package main

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"time"
)

type claims = map[string]any

type verify = func(token string) (claims, error)

type setting struct {
	jwksURI, issuer, audience   string
	lifetime, cooldown, timeout time.Duration
}

// makers holds what makes the verify function of each library.
var makers = map[string]func(setting) (verify, error){
	"keyfunc": withKeyfunc,
	"go-oidc": withGoOidc,
	"jwx":     withJwx,
}

func seconds(name string) time.Duration {
	n, err := strconv.ParseFloat(os.Getenv(name), 64)
	if err != nil {
		panic(name + " is not a number of seconds")
	}
	return time.Duration(n * float64(time.Second))
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func main() {
	verify, err := makers[os.Args[1]](setting{
		jwksURI: os.Getenv("JWKS_URI"), issuer: os.Getenv("ISSUER"), audience: os.Getenv("AUDIENCE"),
		lifetime: seconds("LIFETIME"), cooldown: seconds("COOLDOWN"), timeout: seconds("TIMEOUT"),
	})
	if err != nil {
		panic(err)
	}
	bearer := regexp.MustCompile(`(?i)^Bearer +(.+)$`)
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, nil) })
	http.HandleFunc("/whoami", func(w http.ResponseWriter, r *http.Request) {
		match := bearer.FindStringSubmatch(r.Header.Get("Authorization"))
		if match == nil {
			reply(w, http.StatusUnauthorized, nil)
			return
		}
		claims, err := verify(match[1])
		if err != nil {
			// Most applications cannot tell "your token is bad" from "I cannot decide".
			reply(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token", "error_description": err.Error()})
			return
		}
		reply(w, http.StatusOK, map[string]any{"claims": claims})
	})
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
