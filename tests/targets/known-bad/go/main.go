// GET /whoami answers with the claims of a bearer token, by one release of a package: server RELEASE. The key set is read
// anew for every token.
package main

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"regexp"
	"time"
)

type claims = map[string]any

// verifiers holds a verify function for each release.
var verifiers = map[string]func(token string, find func(kid any) (*rsa.PublicKey, error)) (claims, error){
	"jwt-go-3.2.0":     verifyWithJwtGo,
	"golang-jwt-3.2.1": verifyWithGolangJwt,
}

var (
	issuer   = os.Getenv("ISSUER")
	audience = os.Getenv("AUDIENCE")
	bearer   = regexp.MustCompile(`(?i)^Bearer +(.+)$`)
	client   = http.Client{Timeout: 5 * time.Second}
)

// find reads the key set and picks the RSA key with this kid.
func find(kid any) (*rsa.PublicKey, error) {
	answer, err := client.Get(os.Getenv("JWKS_URI"))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var set struct {
		Keys []struct{ Kid, N, E string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil {
		return nil, err
	}
	for _, key := range set.Keys {
		if key.Kid == kid && key.N != "" {
			n, nErr := base64.RawURLEncoding.DecodeString(key.N)
			e, eErr := base64.RawURLEncoding.DecodeString(key.E)
			exponent := new(big.Int).SetBytes(e)
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}, errors.Join(nErr, eErr)
		}
	}
	return nil, fmt.Errorf("no key %v", kid)
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
	verify, known := verifiers[os.Args[1]]
	if !known {
		panic("unknown release " + os.Args[1])
	}
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, nil) })
	http.HandleFunc("/whoami", func(w http.ResponseWriter, r *http.Request) {
		match := bearer.FindStringSubmatch(r.Header.Get("Authorization"))
		if match == nil {
			reply(w, http.StatusUnauthorized, nil)
			return
		}
		claims, err := verify(match[1], find)
		if err != nil {
			reply(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token", "error_description": err.Error()})
			return
		}
		reply(w, http.StatusOK, map[string]any{"claims": claims})
	})
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
