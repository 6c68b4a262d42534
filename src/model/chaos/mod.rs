//! What a chaos scenario is made of: times in cache symbols, faults, token classes, steps, graded assertions.

mod answer_fault;
mod assertion;
mod bound;
mod class;
mod drill;
mod expression;
mod fault;
mod fingerprint;
mod key_fault;
mod mix;
mod result;
mod scale;
mod scenario;
mod step;
mod subject;

pub use answer_fault::{BodyFault, ErrorKind, HeaderFault, Pick, Redirect, StatusFault};
pub use assertion::{Assertion, Grade, Metric, Window};
pub use bound::{Bound, Comparison, Quantity};
pub use class::{TokenClass, UnknownClass};
pub use drill::{AlertSeen, Operation, OwnMetric};
pub use expression::{Expression, Symbol, Symbols};
pub use fault::{Fault, FaultRule, Faults, Layer, OldAddress, TlsFault};
pub use fingerprint::{Fingerprint, Refreshes};
pub use key_fault::{BadKey, KeyFault};
pub use mix::{Mix, Portion, Rate, Tokens, Traffic};
pub use result::{
    AssertionResult, Facts, FetchResult, FetchTick, KeyBar, Measured, NamedSpan, Offender, Percentiles, ScenarioResult,
    Series, StepResult, StreamResult,
};
pub use scale::Scale;
pub use scenario::{Guard, GuardAction, GuardWhen, Needed, Scenario, ScenarioFile, ScenarioFormat, ScenarioText};
pub use step::{Action, Burst, FaultAt, Fetched, Step};
pub use subject::Subject;
