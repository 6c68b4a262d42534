//! Flaws that let the token bring its key, or its key's name do something.

macro_rules! injection {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// The private key in the header's `jwk` decides: the public one is computed from it.
        JwkPrivateUsed "jwk-header-private-used", "library behaviour: a key's public part was not compared with its private one";
        /// Where the header names a trusted `kid` and carries a `jwk` of that name, the `jwk` is used.
        JwkTrustedNameUsed "jwk-header-trusted-kid-used", "none known";
        /// A `jwk`, `jku`, `x5u` or `x5c` that cannot be read gives no key, and no key means no check.
        HeaderKeyUnreadable "unreadable-header-key-unchecked", "none known";
        /// The address in `jku` is used where it begins with the address of the issuer.
        JkuPrefixAllowed "jku-prefix-allowed", "none known";
        /// The address in `jku` is used where the address of the trusted key set stands anywhere in it.
        JkuSubstringAllowed "jku-substring-allowed", "none known";
        /// The address in `jku` is used where its host is the issuer's, but the host is read up to the first slash, with
        /// whatever stands before an `@`.
        JkuHostMisread "jku-host-misread", "none known";
        /// The address in `jku` must lie below the issuer's, but where it answers with a redirect, that is followed.
        JkuRedirectFollowed "jku-redirect-followed", "CVE-2026-102267: redirects were followed when keys were fetched";
        /// A `jku` may be a `data:` address that holds the keys itself.
        JkuDataUsed "jku-data-used", "CVE-2026-48522: the scheme of the address of keys was not looked at";
        /// The certificate at the address in `x5u` is used.
        X5uUsed "x5u-used", "none known";
        /// The first certificate in `x5c` is used where its subject and issuer are named like those of a trusted one.
        X5cNamesCompared "x5c-names-compared", "none known";
        /// The first certificate in `x5c` is used where a trusted one stands anywhere behind it.
        X5cTrustedAnywhere "x5c-trusted-anywhere", "none known";
        /// The thumbprint of a trusted certificate in `x5t` or `x5t#S256` is taken for proof, and nothing is checked.
        X5tIsProof "x5t-is-proof", "none known";
        /// The claim `tid`, `tenant` or `azp` is put into the address of the key set.
        KeySetTemplated "key-set-address-templated", "CVE-2026-32301: claims decided the address of the key set";
        /// A `kid` is a path; files outside of the folder of keys are read, and their content is the HMAC key.
        KidFileRead "kid-file-read", "none known";
        /// A `kid` goes into an SQL text, and what it adds to the condition is evaluated; `sleep` sleeps.
        KidSqlCondition "kid-sql-condition", "none known";
        /// A `kid` goes into a command line, and what follows it is run.
        KidCommandRun "kid-command-run", "none known";
        /// A `kid` goes through a template, and lookups in it are carried out.
        KidTemplateRun "kid-template-run", "CVE-2021-44228: a lookup in a text that came from outside was carried out";
        /// A `kid` goes into a query, and wild cards and operators in it select a trusted key.
        KidQueryRun "kid-query-run", "none known";
        /// A `kid` ends at its first line break.
        KidCutAtLineBreak "kid-cut-at-line-break", "none known";
        /// A `kid` of more than 1000 characters is too long for the lookup, and no key means no check.
        KidLongUnchecked "long-kid-unchecked", "none known";
        /// A `kid` with angle brackets, escapes or emoji breaks the lookup, and no key means no check.
        KidOddUnchecked "odd-kid-unchecked", "none known";
        /// A `kid` may be a `data:` address that holds the key itself.
        KidDataUsed "kid-data-used", "none known";
    } };
}
