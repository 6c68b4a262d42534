//! Flaws in the reading of ML-DSA keys.

macro_rules! mldsa {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// An ML-DSA key without `alg` is taken for the parameter set that its length fits.
        MlDsaAlgAssumed "ml-dsa-alg-assumed", "none known";
        /// An ML-DSA key that is one byte too short or too long is padded or cut.
        MlDsaLength "ml-dsa-key-length-ignored", "none known";
    } };
}
