//! A signed token as the payload of another one (RFC 7519 section 5.2).

use super::Anvil;
use crate::{
    model::Recipe,
    token::{
        draft::{Draft, Part},
        error::ForgeError,
    },
};
use serde_json::json;

/// Makes the payload a token, which may hold tokens itself.
pub(super) fn enclose(draft: &mut Draft, levels: u32, inner: &Recipe, anvil: &Anvil<'_>) -> Result<(), ForgeError> {
    // Each level makes a token longer by a third; beyond this it fits nowhere.
    const MOST: u32 = 16;
    if levels == 0 || levels > MOST {
        return Err(ForgeError::CannotMutate { mutation: "enclose-token", needs: "1 to 16 levels" });
    }
    let mut bare = Recipe { mutate: Vec::new(), then: Vec::new(), ..anvil.recipe.clone() };
    bare.header.shift_remove("cty");
    let mint = |recipe: &Recipe| anvil.forge.mint(recipe, anvil.now, anvil.nonce, anvil.before);
    let mut token = mint(&inner.over(&bare))?;
    let mut between = bare;
    between.header.insert("cty".into(), json!("JWT"));
    for _ in 1..levels {
        token = mint(&Recipe { raw_claims: Some(token.text()), ..between.clone() })?;
    }
    draft.claims = Part::Raw(token.bytes);
    Ok(())
}
