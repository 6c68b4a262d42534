// golang-jwt, with keyfunc for the key set, behind the adapter protocol: one question a line on standard input, one reply
// a line on standard output.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"runtime/debug"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

type question struct {
	Seq   uint64 `json:"seq"`
	Do    string `json:"do"`
	Token string `json:"token"`
	// encoding/json reads base64 into bytes.
	TokenBase64 []byte          `json:"token-base64"`
	Now         int64           `json:"now"`
	Issuer      string          `json:"issuer"`
	Audience    string          `json:"audience"`
	Algorithms  []string        `json:"algorithms"`
	Leeway      int64           `json:"leeway"`
	Keys        json.RawMessage `json:"keys"`
}

func (q question) token() string {
	if q.TokenBase64 != nil {
		return string(q.TokenBase64)
	}
	return q.Token
}

type info struct {
	Name     string   `json:"name,omitempty"`
	Version  string   `json:"version,omitempty"`
	Language string   `json:"language,omitempty"`
	Provides []string `json:"provides,omitempty"`
}

type accident struct {
	Message string `json:"message"`
	Trace   string `json:"trace,omitempty"`
}

type reply struct {
	Seq     uint64    `json:"seq"`
	Ok      *info     `json:"ok,omitempty"`
	Verdict string    `json:"verdict,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Claims  any       `json:"claims,omitempty"`
	Skipped string    `json:"skipped,omitempty"`
	Error   *accident `json:"error,omitempty"`
}

var (
	trust question
	keys  jwt.Keyfunc
)

var algorithms = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512",
}

func configure(q question) reply {
	trust = q
	set, err := keyfunc.NewJWKSetJSON(q.Keys)
	if err != nil {
		// A set that is refused as a whole is refused again with each token.
		keys = func(*jwt.Token) (any, error) { return nil, err }
	} else {
		keys = set.Keyfunc
	}
	return reply{Ok: &info{}}
}

func validate(q question) reply {
	parsed, err := jwt.Parse(q.token(), keys,
		jwt.WithValidMethods(trust.Algorithms),
		jwt.WithIssuer(trust.Issuer),
		jwt.WithAudience(trust.Audience),
		jwt.WithLeeway(time.Duration(trust.Leeway)*time.Second),
		jwt.WithTimeFunc(func() time.Time { return time.Unix(q.Now, 0) }),
	)
	if err == nil {
		return reply{Verdict: "accept", Claims: parsed.Claims}
	}
	// The errors that the package documents for a token that Parse refuses; at least one is in every error of it.
	for name, class := range map[string]error{
		"ErrTokenMalformed":        jwt.ErrTokenMalformed,
		"ErrTokenUnverifiable":     jwt.ErrTokenUnverifiable,
		"ErrTokenSignatureInvalid": jwt.ErrTokenSignatureInvalid,
		"ErrTokenInvalidClaims":    jwt.ErrTokenInvalidClaims,
	} {
		if errors.Is(err, class) {
			return reply{Verdict: "reject", Reason: name + ": " + err.Error()}
		}
	}
	return reply{Error: &accident{Message: err.Error()}}
}

func answer(q question) (r reply) {
	defer func() {
		if panicked := recover(); panicked != nil {
			r = reply{Error: &accident{Message: fmt.Sprint(panicked), Trace: string(debug.Stack())}}
		}
	}()
	switch q.Do {
	case "hello":
		provides := []string{"control:clock", "claims:returned"}
		for _, alg := range algorithms {
			provides = append(provides, "alg:"+alg)
		}
		return reply{Ok: &info{Name: "golang-jwt", Version: "5.3.1", Language: "go", Provides: provides}}
	case "configure":
		return configure(q)
	case "validate":
		return validate(q)
	default:
		return reply{Skipped: "no call for " + q.Do}
	}
}

func main() {
	questions := bufio.NewReader(os.Stdin)
	replies := json.NewEncoder(os.Stdout)
	replies.SetEscapeHTML(false)
	for {
		line, err := questions.ReadBytes('\n')
		if err != nil {
			return
		}
		var q question
		if err := json.Unmarshal(line, &q); err != nil {
			log.Fatal(err)
		}
		if q.Do == "bye" {
			return
		}
		r := answer(q)
		r.Seq = q.Seq
		if err := replies.Encode(r); err != nil {
			log.Fatal(err)
		}
	}
}
