//! Flaws in RSA and in the reading of its keys.

macro_rules! rsa {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// Bytes behind the hash in a PKCS#1 block are ignored.
        RsaBehindHash "rsa-bytes-behind-hash-ignored", "CVE-2022-24772: bytes behind the DigestInfo were not noticed";
        /// Any bytes but zero pass as the padding of a PKCS#1 block.
        RsaPadding "rsa-padding-unchecked", "CVE-2016-1494: the padding bytes were not compared";
        /// Only the end of a PKCS#1 block is compared.
        RsaEndOnly "rsa-only-end-compared", "none known";
        /// The parameters of the hash's identifier in a PKCS#1 block may hold anything.
        RsaParameters "rsa-parameters-unchecked", "CVE-2022-24771: the structure around the hash's identifier was not checked";
        /// A PKCS#1 block whose identifier has no parameters at all is accepted.
        RsaNullAbsent "rsa-null-absent-accepted", "none known";
        /// Bytes behind the hash but inside the DigestInfo are ignored.
        RsaInsideInfo "rsa-bytes-inside-digest-info-ignored", "CVE-2022-24773: the DigestInfo was not checked for its structure";
        /// The identifier of the hash in a PKCS#1 block is not compared.
        RsaIdentifier "rsa-hash-identifier-ignored", "none known";
        /// Lengths in a PKCS#1 block may be written in any way that BER knows.
        RsaLengths "rsa-ber-lengths-accepted", "none known";
        /// A PKCS#1 block with the bare hash is accepted as well.
        RsaBareHash "rsa-bare-hash-accepted", "none known";
        /// An RSA signature larger than the modulus is reduced by it.
        RsaRange "rsa-signature-reduced", "none known";
        /// An RSA signature that is shorter than the key is padded with zero bytes in front.
        RsaShortPadded "rsa-short-signature-padded", "none known";
        /// An RSA signature that begins with a zero byte is refused.
        RsaLeadingZeroRefused "rsa-leading-zero-refused", "none known";
        /// The salt of a PSS signature may have any length.
        PssSalt "pss-salt-any-length", "none known";
        /// The mask of a PSS signature may be made with any hash.
        PssMaskHash "pss-mask-any-hash", "none known";
        /// The last byte and the first bits of a PSS block are not looked at.
        PssFrame "pss-frame-unchecked", "none known";
        /// An RSA key of fewer than 2048 bits is accepted.
        RsaWeakModulus "rsa-weak-modulus-accepted", "none known";
        /// An RSA key of any public exponent is accepted.
        RsaExponent "rsa-any-exponent-accepted", "none known";
        /// An RSA key of an even modulus is accepted.
        RsaModulus "rsa-even-modulus-accepted", "none known";
        /// The modulus of a JWK may be written in the standard base64 alphabet, with padding.
        RsaStandardBase64 "rsa-modulus-in-standard-base64-accepted", "none known";
        /// The public exponent 3 is refused.
        RsaExponentThreeRefused "rsa-exponent-three-refused", "none known";
        /// A modulus with a zero byte in front is refused.
        RsaPaddedModulusRefused "rsa-padded-modulus-refused", "none known";
        /// An RSA key is refused unless its size is a multiple of 1024 bits.
        RsaOddSizeRefused "rsa-odd-size-refused", "none known";
        /// An RSA key is refused if its modulus is a prime.
        RsaPrimeRefused "rsa-prime-modulus-refused", "none known";
    } };
}
