//! Flaws in what an HTTP answer gives away.

macro_rules! leaking {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// The key identifier of a refused token is repeated in the answer as it is.
        KidReflected "kid-reflected", "none known";
        /// A refusal shows the stack trace of the error behind it.
        StackTraceShown "stack-trace-shown", "none known";
        /// A refusal shows the key that the signature was compared with.
        KeyShown "key-shown", "none known";
    } };
}
