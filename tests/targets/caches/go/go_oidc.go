package main

import (
	"context"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
)

// withGoOidc has no lifetime: the set is fetched again for a signature that no known key verifies.
func withGoOidc(s setting) (verify, error) {
	ctx := oidc.ClientContext(context.Background(), &http.Client{Timeout: s.timeout})
	verifier := oidc.NewVerifier(s.issuer, oidc.NewRemoteKeySet(ctx, s.jwksURI), &oidc.Config{ClientID: s.audience})
	return func(token string) (claims, error) {
		verified, err := verifier.Verify(context.Background(), token)
		if err != nil {
			return nil, err
		}
		found := claims{}
		return found, verified.Claims(&found)
	}, nil
}
