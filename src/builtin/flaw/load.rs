//! Flaws that show only among many tokens: no single case can find them.

macro_rules! load {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// One in a thousand tokens that should be refused is accepted.
        RarelyAccepts "rarely-accepts", "library behaviour: a verifier shared between threads without a lock";
        /// One in a thousand good tokens is refused.
        RarelyRefuses "rarely-refuses", "library behaviour: a key set is empty for a moment while it is replaced";
    } };
}
