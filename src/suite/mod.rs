//! Files in, cases out: reads case, recipe, key-set and target files, points at what is wrong in them, and expands
//! `each` into variants. Knows nothing of sockets and keys.

mod baseline;
mod digest;
mod errata;
mod error;
mod expand;
mod frozen;
mod lint;
mod load;
mod load_lint;
mod load_plans;
mod pattern;
mod profiles;
mod requirements;
mod scenarios;
mod schema;
mod select;
mod source;
mod terms;
mod wycheproof;

pub use baseline::{
    Baseline, BaselineFile, BaselineFormat, Entry, KnownBlock, KnownOutcome, SkipBlock, baseline_from, read_baseline,
};
pub use errata::{CorpusKind, Effect, ErrataFile, ErrataFormat, Erratum};
pub use error::SuiteError;
pub use frozen::read_vectors;
pub use lint::{Complaint, lint};
pub use load::{Catalog, read_target};
pub use load_lint::lint_load_plan;
pub use load_plans::{load_plan, load_plans, load_trouble};
pub use pattern::Pattern;
pub use profiles::{Demand, ProfileBlock, ProfileFile, ProfileFileFormat, lint_profiles};
pub use requirements::{Requirement, RequirementBlock, RequirementFile, RequirementFormat, Requirements};
pub use scenarios::{scenarios, scenarios_from};
pub use schema::{SCHEMAS, SchemaFile};
pub use select::Selection;
pub use source::{SuiteFile, files, load_files, scenario_files};
pub use terms::complaints;
