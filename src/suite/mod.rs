//! Files in, cases out: reads case, recipe, key-set and target files, points at what is wrong in them, and expands
//! `each` into variants. Knows nothing of sockets and keys.

mod error;
mod expand;
mod lint;
mod load;
mod requirements;
mod scenarios;
mod schema;
mod select;
mod source;

pub use error::SuiteError;
pub use lint::{Complaint, lint};
pub use load::{Catalog, read_target};
pub use requirements::{Requirement, RequirementBlock, RequirementFile, RequirementFormat, Requirements};
pub use scenarios::{scenarios, scenarios_from};
pub use schema::{SCHEMAS, SchemaFile};
pub use select::Selection;
pub use source::{SuiteFile, files, scenario_files};
