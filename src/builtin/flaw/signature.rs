//! Flaws in the check of the signature.

macro_rules! signature {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// Algorithm and key are looked up, but the signature is never checked.
        SignatureUnchecked "signature-unchecked", "CVE-2026-23518: the signature was not checked at all";
        /// An empty signature is not checked.
        EmptySignatureUnchecked "empty-signature-unchecked", "CVE-2020-28042: an empty signature was accepted";
        /// A single flipped bit in the first byte of the signature goes unnoticed.
        FirstByteUncompared "first-byte-uncompared", "none known";
        /// A single flipped bit in the middle or the last byte of the signature goes unnoticed.
        OnlyFirstBytesCompared "only-first-bytes-compared", "none known";
        /// Verdicts are cached under header and signature, so another payload inherits them.
        CachedBySignature "verdict-cached-by-signature", "CVE-2026-35039: the cache key did not cover the whole token";
        /// Verdicts are cached under header and payload, so another signature inherits them.
        CachedByContent "verdict-cached-by-content", "none known";
        /// Verdicts are cached under the last 32 characters of the token.
        CachedBySuffix "verdict-cached-by-suffix", "none known";
        /// A MAC that was cut short is accepted as long as one byte of it is left.
        MacTruncated "mac-truncated", "none known";
        /// An empty MAC equals the first zero bytes of every MAC.
        MacEmpty "mac-empty", "none known";
        /// An ECDSA signature of r = 0 and s = 0 is accepted.
        EcdsaZero "ecdsa-zero-accepted", "CVE-2022-21449: r = 0 and s = 0 was a good signature for every text";
        /// A signature of zero bytes is accepted in every algorithm.
        ZeroSignature "zero-signature-accepted", "none known";
        /// An ECDSA signature in DER is accepted as well.
        EcdsaDer "ecdsa-der-accepted", "none known";
        /// The first number of an ECDSA signature has its length, and whatever follows is the second one.
        EcdsaSecondOfAnyLength "ecdsa-second-number-of-any-length", "none known";
        /// Bytes behind the signature are ignored.
        TrailingBytes "signature-trailing-bytes", "none known";
    } };
}
