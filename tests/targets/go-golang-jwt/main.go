// golang-jwt and keyfunc behind net/http: GET /whoami answers with the verified claims of a
// bearer token.
package main

import (
	"encoding/json"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

func env(name string) string {
	value, ok := os.LookupEnv(name)
	if !ok {
		log.Fatalf("%s is not set", name)
	}
	return value
}

func seconds(name string) time.Duration {
	n, err := strconv.Atoi(env(name))
	if err != nil || n < 0 {
		log.Fatalf("%s is not a number of seconds", name)
	}
	return time.Duration(n) * time.Second
}

// keyfunc.NewDefault fetches the set when it is made; making it at the first token keeps the
// fetch lazy. It returns no error when that fetch fails, only when the URL is no URL.
func lazyKeyfunc(jwksURI string) jwt.Keyfunc {
	client := sync.OnceValues(func() (keyfunc.Keyfunc, error) {
		return keyfunc.NewDefault([]string{jwksURI})
	})
	return func(token *jwt.Token) (any, error) {
		k, err := client()
		if err != nil {
			return nil, err
		}
		return k.Keyfunc(token)
	}
}

// The errors that the package documents for a token that Parse refuses. What the keyfunc
// returns, a JWKS that could not be fetched included, arrives as ErrTokenUnverifiable.
func isRefusal(err error) bool {
	return errors.Is(err, jwt.ErrTokenMalformed) ||
		errors.Is(err, jwt.ErrTokenUnverifiable) ||
		errors.Is(err, jwt.ErrTokenSignatureInvalid) ||
		errors.Is(err, jwt.ErrTokenInvalidClaims)
}

func bearer(header string) (string, bool) {
	scheme, rest, _ := strings.Cut(header, " ")
	token := strings.TrimLeft(rest, " ")
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func main() {
	// keyfunc reports a failed refresh on the default logger: leave it on stderr.
	keys := lazyKeyfunc(env("JWKS_URI"))
	parser := jwt.NewParser(
		jwt.WithValidMethods(strings.Split(env("ALGORITHMS"), ",")),
		jwt.WithIssuer(env("ISSUER")),
		jwt.WithAudience(env("AUDIENCE")),
		jwt.WithLeeway(seconds("LEEWAY")),
	)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok"))
	})
	mux.HandleFunc("GET /whoami", func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				reply(w, http.StatusInternalServerError, `{"error":"internal"}`)
			}
		}()
		token, ok := bearer(r.Header.Get("Authorization"))
		if !ok {
			w.Header().Set("WWW-Authenticate", "Bearer")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		parsed, err := parser.Parse(token, keys)
		switch {
		case err == nil:
			claims, err := json.Marshal(parsed.Claims)
			if err != nil {
				claims = []byte("{}")
			}
			reply(w, http.StatusOK, `{"claims":`+string(claims)+`}`)
		case isRefusal(err):
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			reply(w, http.StatusUnauthorized, `{"error":"invalid_token"}`)
		default:
			reply(w, http.StatusInternalServerError, `{"error":"internal"}`)
		}
	})

	log.Fatal(http.ListenAndServe(net.JoinHostPort("127.0.0.1", env("PORT")), mux))
}
