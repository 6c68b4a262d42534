//! Flaws in the choice of the algorithm.

macro_rules! algorithm {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// A token with `"alg": "none"` and an empty signature is accepted without any check.
        AlgNone "alg-none", "CVE-2026-28802: unsigned tokens were accepted by default";
        /// The name `none` is refused, but `None`, `NONE` and every other spelling mean no check.
        AlgNoneAnyCase "alg-none-any-case", "library behaviour: described by McLean in 2015";
        /// The name `none` is refused, but spaces, control characters and look-alike letters around or in it are
        /// taken away later, and then it means no check.
        AlgNoneDecorated "alg-none-decorated", "none known";
        /// An `alg` of `none` is refused only where the signature is empty; with anything in its place it means no
        /// check.
        AlgNoneWithSignature "alg-none-with-signature", "none known";
        /// An `alg` of `none` is accepted where the key lookup finds nothing: no key means no check.
        AlgNoneWithoutKey "alg-none-without-key", "CVE-2022-23540: no key meant no check";
        /// A header without `alg` means no check.
        AlgMissing "alg-missing-unchecked", "none known";
        /// An `alg` that is the empty string or null means no check.
        AlgEmpty "alg-empty-unchecked", "none known";
        /// An `alg` that is no string is an error that is swallowed: no check.
        AlgNotString "alg-not-string-unchecked", "none known";
        /// An unknown algorithm computes an empty MAC, so an empty signature fits.
        UnknownAlgEmptyMac "unknown-alg-empty-mac", "CVE-2026-23993: an unknown algorithm gave an empty MAC";
        /// An unknown algorithm falls through the table of algorithms, and nothing is checked.
        UnknownAlgUnchecked "unknown-alg-unchecked", "none known";
        /// Names of algorithms are compared without regard to case.
        AlgCaseIgnored "alg-case-ignored", "none known";
        /// Spaces, control characters and NUL around the name of the algorithm are taken away before it is compared.
        AlgTrimmed "alg-trimmed", "none known";
        /// Every asymmetric algorithm that fits the key is taken, whatever the allow-list and the key say.
        AllowListIgnored "allow-list-ignored", "CVE-2026-22818: an algorithm that was not configured was taken";
        /// An algorithm that is not configured is taken where a key of the set says that it is for it.
        KeyAlgExtendsList "key-alg-extends-list", "library behaviour: a key object brings the allowed algorithm along";
        /// The `alg` of the JWK is not compared with that of the token.
        JwkAlgIgnored "jwk-alg-ignored", "none known";
        /// The signature is checked with the algorithm of the key; what the header says does not matter.
        LabelIgnored "label-ignored", "CVE-2026-48523: the key object verified with its own algorithm, not the token's";
        /// Every hash of the named scheme is tried.
        AnyHash "any-hash", "none known";
        /// RSASSA-PSS is taken under an RS name, and RSASSA-PKCS1-v1_5 under a PS name.
        RsaSchemesMixed "rsa-schemes-mixed", "none known";
        /// Of two `alg` members the first is compared with the allow-list and the last is used.
        DuplicateAlgFirstChecked "duplicate-alg-first-checked", "none known";
        /// Of two `alg` members the last is compared with the allow-list and the first is used.
        DuplicateAlgLastChecked "duplicate-alg-last-checked", "none known";
        /// The member `Alg` in any spelling counts as `alg`.
        HeaderNamesAnyCase "header-names-any-case", "none known";
        /// HS256 keyed with the public key as SPKI PEM is accepted.
        HmacSpkiPem "hmac-spki-pem", "CVE-2016-10555: the public key served as HMAC secret";
        /// HS256 keyed with the public key as SPKI PEM without the final line end is accepted.
        HmacSpkiPemNoNewline "hmac-spki-pem-no-newline", "none known";
        /// HS256 keyed with the public key as SPKI PEM with CRLF line ends is accepted.
        HmacSpkiPemCrlf "hmac-spki-pem-crlf", "none known";
        /// HS256 keyed with the public key as SPKI DER is accepted.
        HmacSpkiDer "hmac-spki-der", "CVE-2026-85394: the DER public key served as HMAC secret";
        /// HS256 keyed with the RSA public key as PKCS#1 PEM is accepted.
        HmacPkcs1Pem "hmac-pkcs1-pem", "CVE-2015-9235: the public key served as HMAC secret";
        /// HS256 keyed with the RSA public key as PKCS#1 PEM without the final line end is accepted.
        HmacPkcs1PemNoNewline "hmac-pkcs1-pem-no-newline", "none known";
        /// HS256 keyed with the RSA public key as PKCS#1 DER is accepted.
        HmacPkcs1Der "hmac-pkcs1-der", "CVE-2026-102271: the DER public key served as HMAC secret";
        /// HS256 keyed with the JWK as the key set serves it is accepted.
        HmacJwkAsServed "hmac-jwk-as-served", "CVE-2026-48526: the JWK text served as HMAC secret";
        /// HS256 keyed with the canonical JWK of RFC 7638 is accepted.
        HmacJwkCanonical "hmac-jwk-canonical", "none known";
        /// HS256 keyed with the whole key set as served is accepted.
        HmacJwksAsServed "hmac-jwks-as-served", "CVE-2026-102273: the key set's text served as HMAC secret";
        /// HS256 keyed with the OpenSSH line of the public key is accepted.
        HmacOpenssh "hmac-openssh", "CVE-2022-29217: the OpenSSH line served as HMAC secret";
        /// HS256 keyed with the raw public key (modulus, point, 32 bytes of Ed25519) is accepted.
        HmacRaw "hmac-raw", "none known";
        /// A key lookup that finds nothing gives the empty HMAC key.
        HmacEmptyOnMiss "hmac-empty-on-miss", "CVE-2026-44351: the fallback for a missing key was the empty secret";
        /// A public key used for HMAC gives the empty key.
        HmacEmptyForPublicKey "hmac-empty-for-public-key", "CVE-2026-44699: an RSA key gave a zero-length HMAC key";
        /// Asked for an HMAC it finds no key that can compute one, and nothing is checked.
        HmacUnchecked "hmac-unchecked", "none known";
        /// A key lookup that finds nothing gives the text of nothing (`null`, `undefined`, `None`) as HMAC key.
        HmacTextOfNothing "hmac-text-of-nothing", "none known";
    } };
}
