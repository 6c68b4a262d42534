//! Flaws that make a public key an HMAC secret, beyond the plain forms of `algorithm`.

macro_rules! confusion {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// An algorithm name that every object answers to (`constructor`) finds an entry in the table, and no check.
        AlgPrototypeName "alg-prototype-name-unchecked", "none known";
        /// HS256 keyed with the public key's PEM text is accepted as it was pasted: other line ends, a space or a line in
        /// front, doubled spaces.
        HmacReshapedPem "hmac-reshaped-pem", "CVE-2026-34950: a PEM text with white space in front passed as a secret";
        /// The same with the PKCS#1 text of an RSA key.
        HmacReshapedPkcs1Pem "hmac-reshaped-pkcs1-pem", "none known";
        /// HS256 keyed with the certificate that the key set holds is accepted.
        HmacCertificate "hmac-certificate", "none known";
        /// HS256 keyed with the JWK written anew (sorted, indented, with spaces) is accepted.
        HmacJwkRewritten "hmac-jwk-rewritten", "none known";
        /// HS256 keyed with the JWK inside a list, or behind a byte order mark, is accepted.
        HmacJwkWrapped "hmac-jwk-wrapped", "CVE-2026-102273: a key text that does not begin as one passed as a secret";
        /// HS256 keyed with the whole line of an OpenSSH public key file, comment and line end included, is accepted.
        HmacOpensshFile "hmac-openssh-file", "none known";
        /// HS256 keyed with the text of the modulus or of the coordinate x is accepted.
        HmacNumberText "hmac-number-text", "none known";
        /// HS256 keyed with the bytes of a point's coordinates is accepted.
        HmacPointBytes "hmac-point-bytes", "none known";
        /// HS256 keyed with the inside of the public key's PEM text, or with its hexadecimal, base64 or SHA-256, is
        /// accepted.
        HmacPemBody "hmac-pem-body", "library behaviour: a hexadecimal PEM text is taken for a secret where no list of algorithms is given";
    } };
}
