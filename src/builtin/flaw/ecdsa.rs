//! Flaws in ECDSA and in the reading of its keys.

macro_rules! ecdsa {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// An ECDSA signature of which just one number is zero is accepted.
        EcdsaHalfZero "ecdsa-half-zero-accepted", "none known";
        /// The numbers of an ECDSA signature are compared with zero before they are reduced, so that twice the group's
        /// order passes as two zeros.
        EcdsaOrderAsZero "ecdsa-order-as-zero", "none known";
        /// The numbers of an ECDSA signature are reduced by the group's order before they are used.
        EcdsaReduced "ecdsa-numbers-reduced", "none known";
        /// An ECDSA signature with its two numbers exchanged is accepted as well.
        EcdsaSwapped "ecdsa-swapped-accepted", "none known";
        /// An ECDSA signature is cut in the middle, whatever its length.
        EcdsaAnyWidth "ecdsa-any-width-accepted", "none known";
        /// The DER form of two zeros at the beginning of the signature counts as a signature.
        EcdsaDerZero "ecdsa-der-zero-accepted", "none known";
        /// The curve comes from the key and the hash from the header, and nobody compares the two.
        EcdsaCurveFromKey "ecdsa-curve-from-key", "none known";
        /// An ECDSA signature with the larger of its two possible second numbers is refused.
        EcdsaHighSRefused "ecdsa-high-s-refused", "none known";
        /// An ECDSA signature with a zero byte in front of one of its numbers is refused.
        EcdsaLeadingZeroRefused "ecdsa-leading-zero-refused", "none known";
        /// The second coordinate of an elliptic-curve key is not read but worked out from the first.
        EcYIgnored "ec-y-ignored", "none known";
        /// Coordinates of an elliptic-curve key that are too short or too long are padded and cut.
        EcCoordinateLength "ec-coordinate-length-ignored", "none known";
        /// The curve of a JWK is guessed from its algorithm, whatever `crv` says.
        EcCrvIgnored "ec-crv-ignored", "none known";
        /// Coordinates of an elliptic-curve key are reduced by the prime of the field.
        EcCoordinateReduced "ec-coordinate-reduced", "none known";
        /// A JWK with both coordinates zero is the point at infinity, which is calculated with.
        EcZeroPoint "ec-zero-point-accepted", "none known";
        /// An elliptic-curve key with a zero byte in front of a coordinate is refused.
        EcLeadingZeroRefused "ec-leading-zero-coordinate-refused", "none known";
    } };
}
