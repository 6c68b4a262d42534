//! Flaws in rules beyond a valid token: scope, role, tenant, login, revocation. `ScopeUnchecked` must stay the first and
//! `RevocationIgnored` the last, since [`Flaw::is_about_rules`](super::Flaw::is_about_rules) goes by it.

macro_rules! rules {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// The scope is not checked.
        ScopeUnchecked "scope-unchecked", "none known";
        /// The wanted scope is looked for anywhere in the text.
        ScopeSubstring "scope-substring-accepted", "none known";
        /// Scopes are compared without regard to case.
        ScopeCaseIgnored "scope-case-ignored", "none known";
        /// Scopes are split at tabs, commas and every kind of space.
        ScopeSplitAnywhere "scope-split-anywhere", "none known";
        /// A `scope` or `scp` that is a list is taken.
        ScopeListTaken "scope-list-taken", "none known";
        /// The role is not checked.
        RoleUnchecked "role-unchecked", "none known";
        /// The wanted role is looked for anywhere in the claim's text.
        RoleSubstring "role-substring-accepted", "none known";
        /// The tenant is not checked.
        TenantUnchecked "tenant-unchecked", "CVE-2026-24899: a token of any tenant was taken";
        /// A list of tenants is taken if ours is among them.
        TenantListTaken "tenant-list-taken", "none known";
        /// The nonce of an ID token is not compared with the one that was sent.
        NonceUnchecked "nonce-unchecked", "none known";
        /// The authorised party of an ID token is not compared with the client.
        AzpUnchecked "azp-unchecked", "none known";
        /// The authentication context of an ID token is not looked at.
        AcrUnchecked "acr-unchecked", "none known";
        /// It is not looked at how long ago the user logged in.
        AuthTimeUnchecked "auth-time-unchecked", "none known";
        /// The list of revoked tokens is not looked at.
        RevocationIgnored "revocation-ignored", "none known";
    } };
}
