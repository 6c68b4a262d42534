package main

import (
	"context"
	"net/http"

	"github.com/lestrrat-go/httprc/v3"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// withJwx refreshes by a timer and by nothing else.
func withJwx(s setting) (verify, error) {
	ctx := context.Background()
	cache, err := jwk.NewCache(ctx, httprc.NewClient(httprc.WithHTTPClient(&http.Client{Timeout: s.timeout})))
	if err != nil {
		return nil, err
	}
	err = cache.Register(ctx, s.jwksURI, jwk.WithConstantInterval(s.lifetime), jwk.WithWaitReady(false))
	if err != nil {
		return nil, err
	}
	keys, err := cache.CachedSet(s.jwksURI)
	if err != nil {
		return nil, err
	}
	return func(token string) (claims, error) {
		parsed, err := jwt.ParseString(token, jwt.WithKeySet(keys), jwt.WithIssuer(s.issuer), jwt.WithAudience(s.audience))
		if err != nil {
			return nil, err
		}
		subject, _ := parsed.Subject()
		return claims{"sub": subject}, nil
	}, nil
}
