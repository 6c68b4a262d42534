//! The generated JSON Schemas. They lie beside the files that they describe; a test compares them with the types.

use super::{baseline::BaselineFile, errata::ErrataFile, profiles::ProfileFile, requirements::RequirementFile};
use crate::model::{
    RunReport, TargetFile,
    adapter::{AdapterReply, AdapterRequest},
    case::CaseFile,
    certificate::Declaration,
    chaos::ScenarioFile,
    event::Event,
    export::Export,
    keyset::KeySetFile,
    load::LoadFile,
    profile::Profile,
    recipe::RecipeFile,
    vector::{PublishedKeys, VectorFile},
};
use schemars::{Schema, schema_for};

/// One schema and where it lies in the project.
pub struct SchemaFile {
    /// The path from the project's root.
    pub path: &'static str,
    /// Makes it.
    pub make: fn() -> Schema,
}

/// All schemas.
pub const SCHEMAS: &[SchemaFile] = &[
    SchemaFile { path: "vectors/case-file.schema.json", make: || schema_for!(CaseFile) },
    SchemaFile { path: "vectors/recipe-file.schema.json", make: || schema_for!(RecipeFile) },
    SchemaFile { path: "vectors/keyset-file.schema.json", make: || schema_for!(KeySetFile) },
    SchemaFile { path: "vectors/requirements-file.schema.json", make: || schema_for!(RequirementFile) },
    SchemaFile { path: "vectors/profile-file.schema.json", make: || schema_for!(ProfileFile) },
    SchemaFile { path: "scenarios/scenario-file.schema.json", make: || schema_for!(ScenarioFile) },
    SchemaFile { path: "scenarios/load-plan.schema.json", make: || schema_for!(LoadFile) },
    SchemaFile { path: "vectors/vector-file.schema.json", make: || schema_for!(VectorFile) },
    SchemaFile { path: "vectors/published-keys.schema.json", make: || schema_for!(PublishedKeys) },
    SchemaFile { path: "vectors/export.schema.json", make: || schema_for!(Export) },
    SchemaFile { path: "vectors/errata-file.schema.json", make: || schema_for!(ErrataFile) },
    SchemaFile { path: "vectors/baseline-file.schema.json", make: || schema_for!(BaselineFile) },
    SchemaFile { path: "vectors/target-file.schema.json", make: || schema_for!(TargetFile) },
    SchemaFile { path: "vectors/adapter-request.schema.json", make: || schema_for!(AdapterRequest) },
    SchemaFile { path: "vectors/adapter-reply.schema.json", make: || schema_for!(AdapterReply) },
    SchemaFile { path: "reports/target-declaration.schema.json", make: || schema_for!(Declaration) },
    SchemaFile { path: "reports/profile.schema.json", make: || schema_for!(Profile) },
    SchemaFile { path: "reports/run-report.schema.json", make: || schema_for!(RunReport) },
    SchemaFile { path: "reports/event.schema.json", make: || schema_for!(Event) },
];

impl SchemaFile {
    /// The text that the file must hold.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(&(self.make)()).unwrap_or_default();
        text.push('\n');
        text
    }
}
