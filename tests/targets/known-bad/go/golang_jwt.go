package main

import (
	"crypto/rsa"
	"errors"

	"github.com/golang-jwt/jwt"
)

// verifyWithGolangJwt is verifyWithJwtGo with the package that carries jwt-go on.
func verifyWithGolangJwt(token string, find func(any) (*rsa.PublicKey, error)) (claims, error) {
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
