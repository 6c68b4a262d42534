package main

import (
	"crypto/rsa"
	"errors"

	"github.com/dgrijalva/jwt-go"
)

// verifyWithJwtGo asks for the audience only if the token names one, as the second argument of VerifyAudience says.
func verifyWithJwtGo(token string, find func(any) (*rsa.PublicKey, error)) (claims, error) {
	parser := jwt.Parser{ValidMethods: []string{"RS256"}}
	parsed, err := parser.Parse(token, func(token *jwt.Token) (any, error) { return find(token.Header["kid"]) })
	if err != nil {
		return nil, err
	}
	claims := parsed.Claims.(jwt.MapClaims)
	if !claims.VerifyAudience(audience, false) || !claims.VerifyIssuer(issuer, true) {
		return nil, errors.New("aud or iss")
	}
	return claims, nil
}
