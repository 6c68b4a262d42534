package main

import (
	"context"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"
)

// withKeyfunc refreshes by a timer, and for an unknown kid as often as the limiter lets it.
func withKeyfunc(s setting) (verify, error) {
	keys, err := keyfunc.NewDefaultOverrideCtx(context.Background(), []string{s.jwksURI}, keyfunc.Override{
		RefreshInterval:   s.lifetime,
		HTTPTimeout:       s.timeout,
		RateLimitWaitMax:  s.timeout,
		RefreshUnknownKID: rate.NewLimiter(rate.Every(s.cooldown), 1),
	})
	if err != nil {
		return nil, err
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(s.issuer), jwt.WithAudience(s.audience))
	return func(token string) (claims, error) {
		parsed, err := parser.Parse(token, keys.Keyfunc)
		if err != nil {
			return nil, err
		}
		return parsed.Claims.(jwt.MapClaims), nil
	}, nil
}
