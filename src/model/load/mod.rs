//! What a load plan is made of: how tokens arrive, which ones, what is swept, and the gates that must hold.

mod gate;
mod plan;
mod result;
mod users;

pub use gate::{Gate, LoadMetric, Of};
pub use plan::{Ask, Drive, LoadFile, LoadFormat, LoadPlan, LoadText, Stage, Sweep};
pub use result::{
    ClassLoad, GateResult, Generator, LoadResult, LoadSeries, LoadWindow, Maximum, Milliseconds, Paired, Step,
    TargetUse,
};
pub use users::{UserRequests, Users};
