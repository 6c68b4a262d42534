//! Which cases a command is about.

use super::error::SuiteError;
use crate::model::{Case, CaseId, Harm, vector::Published};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::collections::BTreeSet;

/// A choice of cases by id, grade and length of the run.
#[derive(Debug, Clone)]
pub struct Selection {
    only: Option<GlobSet>,
    skip: GlobSet,
    quick: bool,
    /// The only cases that count, by `family/name`.
    within: Option<BTreeSet<String>>,
    /// Whether published vectors are shown as well.
    vectors: bool,
    /// Grades that may be sent.
    allow: Vec<Harm>,
    /// Grades that are not sent even where they are allowed: the target is in production.
    never: Vec<Harm>,
}

impl Selection {
    /// A choice by globs over ids. A glob without `:` covers all variants of a case. No `only` means all.
    ///
    /// # Errors
    /// A glob cannot be read.
    pub fn new(only: &[String], skip: &[String], quick: bool) -> Result<Selection, SuiteError> {
        let only = if only.is_empty() { None } else { Some(set(only)?) };
        Ok(Selection {
            only,
            skip: set(skip)?,
            quick,
            within: None,
            vectors: true,
            allow: vec![Harm::Safe],
            never: Vec::new(),
        })
    }

    /// Everything, whatever its grade.
    #[must_use]
    pub fn all() -> Selection {
        Selection {
            only: None,
            skip: GlobSet::empty(),
            quick: false,
            within: None,
            vectors: true,
            allow: vec![Harm::Safe, Harm::Intrusive, Harm::Harmful],
            never: Vec::new(),
        }
    }

    /// Also lets grades beyond `safe` through.
    #[must_use]
    pub fn allowing(mut self, grades: impl IntoIterator<Item = Harm>) -> Selection {
        self.allow.extend(grades);
        self
    }

    /// Never lets a grade through, because the target is in production.
    #[must_use]
    pub fn never(mut self, grade: Harm) -> Selection {
        self.never.push(grade);
        self
    }

    /// Leaves published vectors out.
    #[must_use]
    pub fn without_vectors(mut self) -> Selection {
        self.vectors = false;
        self
    }

    /// Whether the user asked for a published vector.
    #[must_use]
    pub fn names_vector(&self, vector: &Published) -> bool {
        self.vectors && self.names(&vector.case)
    }

    /// Of these, only the named cases.
    #[must_use]
    pub fn within(mut self, cases: BTreeSet<String>) -> Selection {
        self.within = Some(match self.within {
            Some(known) => known.intersection(&cases).cloned().collect(),
            None => cases,
        });
        self
    }

    /// Whether the user left it to us what is sent: no glob, and not the short list.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.only.is_none() && self.skip.is_empty() && !self.quick && self.within.is_none()
    }

    /// Whether the user asked for the case, whatever its grade.
    #[must_use]
    pub fn names(&self, case: &Case) -> bool {
        if self.within.as_ref().is_some_and(|cases| !cases.contains(&case.id.case())) {
            return false;
        }
        let ids: Vec<String> = [case.id.to_string(), case.id.case()].into_iter().chain(case.earlier_ids()).collect();
        let hit = |globs: &GlobSet| ids.iter().any(|id| globs.is_match(id));
        match &self.only {
            Some(only) => hit(only) && !hit(&self.skip),
            None => !case.draft && (!self.quick || case.quick) && !hit(&self.skip),
        }
    }

    /// Whether the user asked for a generated token: all of them, unless globs say otherwise.
    #[must_use]
    pub fn names_generated(&self, id: &CaseId) -> bool {
        let hit = |globs: &GlobSet| globs.is_match(id.to_string()) || globs.is_match(id.case());
        self.only.as_ref().is_none_or(hit) && !hit(&self.skip)
    }

    /// Why a grade may not be sent; `None` where it may.
    #[must_use]
    pub fn obstacle(&self, harm: Harm) -> Option<String> {
        if self.never.contains(&harm) {
            return Some(format!("is {harm}, and the target file says environment = \"production\""));
        }
        let asks = || format!("is {harm}: allow it with --{harm} or in the target file's [guard] allow");
        (!self.allow.contains(&harm)).then(asks)
    }
}

fn set(globs: &[String]) -> Result<GlobSet, SuiteError> {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        let bad = |error: globset::Error| SuiteError::BadGlob { glob: glob.clone(), reason: error.kind().to_string() };
        builder.add(GlobBuilder::new(glob).build().map_err(bad)?);
    }
    builder.build().map_err(|error| SuiteError::BadGlob { glob: globs.join(" "), reason: error.to_string() })
}
