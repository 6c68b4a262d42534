// go-jose behind the adapter protocol: one question a line on standard input, one reply a line on standard output.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

type question struct {
	Seq   uint64 `json:"seq"`
	Do    string `json:"do"`
	Token string `json:"token"`
	// encoding/json reads base64 into bytes.
	TokenBase64 []byte                    `json:"token-base64"`
	Now         int64                     `json:"now"`
	Issuer      string                    `json:"issuer"`
	Audience    string                    `json:"audience"`
	Algorithms  []jose.SignatureAlgorithm `json:"algorithms"`
	Leeway      int64                     `json:"leeway"`
	Keys        json.RawMessage           `json:"keys"`
	Decryption  *decryption               `json:"decryption"`
}

type decryption struct {
	Algorithms        []jose.KeyAlgorithm      `json:"algorithms"`
	ContentEncryption []jose.ContentEncryption `json:"content-encryption"`
	Keys              jose.JSONWebKeySet       `json:"keys"`
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
	Seq     uint64         `json:"seq"`
	Ok      *info          `json:"ok,omitempty"`
	Verdict string         `json:"verdict,omitempty"`
	Reason  string         `json:"reason,omitempty"`
	Claims  map[string]any `json:"claims,omitempty"`
	Payload []byte         `json:"payload-base64,omitempty"`
	Skipped string         `json:"skipped,omitempty"`
	Error   *accident      `json:"error,omitempty"`
}

var (
	trust question
	keys  jose.JSONWebKeySet
	// A set that go-jose refuses as a whole is refused again with each token.
	refused error
)

var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512,
	jose.EdDSA, jose.HS256, jose.HS384, jose.HS512,
}

func configure(q question) reply {
	trust, keys = q, jose.JSONWebKeySet{}
	refused = json.Unmarshal(q.Keys, &keys)
	return reply{Ok: &info{}}
}

func decrypted(token string) ([]byte, error) {
	encrypted, err := jose.ParseEncryptedCompact(token, trust.Decryption.Algorithms, trust.Decryption.ContentEncryption)
	if err != nil {
		return nil, err
	}
	for _, key := range trust.Decryption.Keys.Keys {
		if key.Algorithm == encrypted.Header.Algorithm {
			return encrypted.Decrypt(key)
		}
	}
	return nil, fmt.Errorf("no key for %s", encrypted.Header.Algorithm)
}

func validate(q question) (reply, error) {
	token := q.token()
	// Five parts are encrypted (RFC 7516 section 9): the signed token is inside.
	if trust.Decryption != nil && strings.Count(token, ".") == 4 {
		inside, err := decrypted(token)
		if err != nil {
			return reply{}, err
		}
		token = string(inside)
	}
	parsed, err := jwt.ParseSigned(token, trust.Algorithms)
	if err != nil {
		return reply{}, err
	}
	var claims jwt.Claims
	var all map[string]any
	if err := parsed.Claims(&keys, &claims, &all); err != nil {
		return reply{}, err
	}
	expected := jwt.Expected{
		Issuer:      trust.Issuer,
		AnyAudience: jwt.Audience{trust.Audience},
		Time:        time.Unix(q.Now, 0),
	}
	leeway := time.Duration(trust.Leeway) * time.Second
	return reply{Verdict: "accept", Claims: all}, claims.ValidateWithLeeway(expected, leeway)
}

func verifyJws(q question) (reply, error) {
	parsed, err := jose.ParseSignedCompact(q.token(), trust.Algorithms)
	if err != nil {
		return reply{}, err
	}
	payload, err := parsed.Verify(&keys)
	return reply{Verdict: "accept", Payload: payload}, err
}

func decrypt(q question) (reply, error) {
	if trust.Decryption == nil {
		return reply{Skipped: "configured without decryption keys"}, nil
	}
	payload, err := decrypted(q.token())
	return reply{Verdict: "accept", Payload: payload}, err
}

// go-jose returns an error for whatever it refuses, most of them without a type of their own.
func judged(verify func(question) (reply, error), q question) reply {
	if refused != nil {
		return reply{Verdict: "reject", Reason: refused.Error()}
	}
	r, err := verify(q)
	if err != nil {
		return reply{Verdict: "reject", Reason: err.Error()}
	}
	return r
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
			provides = append(provides, "alg:"+string(alg))
		}
		return reply{Ok: &info{Name: "go-jose", Version: "4.1.9", Language: "go", Provides: provides}}
	case "configure":
		return configure(q)
	case "validate":
		return judged(validate, q)
	case "verify-jws":
		return judged(verifyJws, q)
	case "decrypt":
		return judged(decrypt, q)
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
