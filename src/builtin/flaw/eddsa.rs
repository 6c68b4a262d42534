//! Flaws in Ed25519 and in the reading of its keys.

macro_rules! eddsa {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// The second half of an Ed25519 signature may be larger than the group's order.
        EdScalarUnchecked "ed25519-scalar-unchecked", "CVE-2024-48949: signatures with a too large number were accepted";
        /// The top three bits of an Ed25519 signature are cleared before the check.
        EdTopBitsMasked "ed25519-top-bits-masked", "none known";
        /// The first half of an Ed25519 signature is decoded and compared as a point, so that it has several spellings.
        EdPointDecoded "ed25519-point-decoded", "none known";
        /// Signatures of Ed25519ph and Ed25519ctx are accepted as well.
        EdVariants "ed25519-variants-accepted", "none known";
        /// An Ed25519 key of small order is a key like any other.
        EdSmallOrderKey "ed25519-small-order-key-accepted", "none known";
        /// Every OKP key is one of Ed25519, whatever its `crv` says.
        OkpCrvIgnored "okp-crv-ignored", "none known";
        /// An Ed25519 key that is too short or too long is padded and cut.
        OkpLength "okp-length-ignored", "none known";
    } };
}
