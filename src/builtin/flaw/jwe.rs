//! Flaws in opening encrypted tokens.

macro_rules! jwe {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// No encrypted token is taken, although keys to decrypt it are configured.
        JweRefused "jwe-refused", "none known";
        /// Claims that were encrypted but signed by nobody are accepted.
        JwePlainClaims "jwe-plain-claims-accepted", "CVE-2023-51774: what was encrypted passed for what was signed";
        /// An unsigned token inside an encrypted one is accepted.
        JweUnsignedInside "jwe-unsigned-inside", "CVE-2026-29000: an unsigned token inside was not checked";
        /// The signature of a token inside an encrypted one is not checked.
        JweInnerUnchecked "jwe-inner-signature-unchecked", "none known";
        /// The tag of an encrypted token is not checked.
        JweTagUnchecked "jwe-tag-unchecked", "none known";
        /// Only so many bytes of the tag are compared as were sent.
        JweTagPrefix "jwe-tag-prefix", "CVE-2023-37464: the token decided how long its tag was";
        /// A wrapped key that is empty or too short makes the unwrapping fall over.
        JweEmptyKeyCrashes "jwe-empty-key-crashes", "CVE-2026-34986: an empty encrypted key led to a panic";
        /// The refusal of an RSA1_5 block differs from that of a wrong tag.
        Rsa15PaddingTold "rsa15-padding-told", "CVE-2026-28490: answers told good padding from bad";
        /// RSA1_5 is done with every RSA key, whatever the key is meant for.
        Rsa15AnyKey "rsa15-any-key", "none known";
        /// The padding of AES-CBC is looked at before the MAC, and its refusal differs.
        CbcPaddingTold "cbc-padding-told", "CVE-2021-29443: answers told good padding from bad";
        /// An ephemeral key with which no agreement is possible leaves a secret of zeros, and with that it goes on.
        EcdhZeroSecret "ecdh-zero-secret", "none known";
        /// Passwords of encrypted tokens are the public keys of signers, or empty.
        Pbes2PublicKeyPassword "pbes2-public-key-password", "none known";
        /// A key is derived from a password as often as the token says.
        Pbes2AnyCount "pbes2-any-count", "CVE-2022-36083: the token decided how long the derivation took";
        /// A round count or salt that is not as usual makes the derivation fall over.
        Pbes2OddCountCrashes "pbes2-odd-count-crashes", "none known";
        /// Compressed content is inflated until it is done or memory is gone.
        ZipUnlimited "zip-unlimited", "CVE-2024-28180: content was inflated without a limit";
        /// The JSON forms of encrypted tokens are taken as well.
        JweJson "jwe-json-taken", "none known";
        /// The bytes of a signer's key serve as a shared key for decryption, and what it opens counts as signed.
        JweSigningKeyShared "jwe-signing-key-shared", "none known";
        /// A signer's key that is named for decryption makes the lookup fall over.
        JweSigningKeyCrashes "jwe-signing-key-crashes", "none known";
        /// An unknown or missing `enc` means A256GCM.
        JweEncGuessed "jwe-enc-guessed", "none known";
        /// An `alg` that is no key management means the one of the key that `kid` names.
        JweAlgGuessed "jwe-alg-guessed", "none known";
    } };
}
