//! The part of a run that shows published vectors.

use super::{session::Score, setup::Stage, subject::Subject};
use crate::{
    builtin::Builtin,
    conformance::{Bench, Exhibit, Gallery, Skipped, declared, exhibit, skipped},
    model::{
        Capabilities, Event, Level, Need, TrustConfig,
        report::{FamilyInfo, Statement},
        vector::Published,
    },
    suite::{Catalog, Selection},
    target::{InProcess, Target, protocol::Validator},
};
use std::{collections::BTreeSet, sync::Arc};

/// The vectors of a run.
pub(super) struct Vectors {
    door: Option<Arc<Target>>,
    /// What the target says it can do.
    declares: Capabilities,
    shown: Vec<Exhibit>,
    left_out: Vec<Skipped>,
}

/// Where vectors are shown beside the run: the built-in validator serves over HTTP, and is the same in this process.
pub(super) fn beside(subject: &Subject) -> Option<Builtin> {
    match subject {
        Subject::Builtin(flaw) => Some(Builtin::new(*flaw)),
        _ => None,
    }
}

impl Vectors {
    /// Decides what is shown, and where.
    pub fn plan(catalog: &Catalog, selection: &Selection, stage: &Stage, beside: Option<Builtin>) -> Vectors {
        let door = match beside {
            None => Arc::clone(&stage.target),
            Some(mut validator) => {
                validator.configure(&stage.trust);
                Arc::new(Target::InProcess(InProcess::new(Box::new(validator))))
            }
        };
        let declares = door.provides();
        let first = catalog.cases.len();
        let (mut shown, mut left_out) = (Vec::new(), Vec::new());
        let selected = catalog.vectors.iter().enumerate().filter(|(_, vector)| selection.names_vector(vector));
        for (place, vector) in selected {
            let (index, case) =
                (first + place, declared(&vector.case, &stage.policy).unwrap_or_else(|| vector.case.clone()));
            let missing: Vec<&Need> = case.needs.iter().filter(|need| !need.is_met_by(&declares)).collect();
            if missing.is_empty() {
                shown.push(Exhibit { index, vector: Published { case, ..vector.clone() } });
            } else {
                let missing: Vec<String> = missing.into_iter().map(ToString::to_string).collect();
                left_out.push(Skipped {
                    index,
                    because: format!("needs {}", missing.join(", ")),
                    case: Arc::new(case),
                });
            }
        }
        Vectors { door: Some(door).filter(|_| !shown.is_empty()), declares, shown, left_out }
    }

    /// Adds what they are about to the first event of the run.
    pub fn announce(&self, catalog: &Catalog, opening: &mut Event) {
        let Event::RunStarted { target, plan, statements, families, .. } = opening else { return };
        let shown = || self.shown.iter().map(|exhibit| &exhibit.vector.case);
        for case in shown().chain(self.left_out.iter().map(|left| left.case.as_ref())) {
            let (title, why, fix) = (case.title.clone(), case.why.clone(), case.fix.clone());
            let statement = Statement { title, why, fix, asks: String::new() };
            statements.entry(case.id.case()).or_insert(statement);
            if let Some(family) = catalog.families.get(&case.id.family) {
                let info = FamilyInfo { title: family.title.clone(), about: family.about.trim().to_owned() };
                families.entry(case.id.family.clone()).or_insert(info);
            }
        }
        plan.cases += shown().map(|case| case.id.case()).collect::<BTreeSet<_>>().len();
        plan.variants += self.shown.len();
        plan.skipped += self.left_out.len();
        let needs = self.left_out.iter().flat_map(|left| &left.case.needs);
        let lacks = needs.filter(|need| !need.is_met_by(&self.declares)).map(ToString::to_string);
        let lacks: BTreeSet<String> = target.lacks.drain(..).chain(lacks).collect();
        target.lacks = lacks.into_iter().collect();
    }

    /// Tells which of them do not apply.
    pub fn skip(&self, score: &mut Score<'_>) {
        for left_out in &self.left_out {
            let result = Arc::new(skipped(left_out));
            score.emit(Event::CaseFinished { index: left_out.index, result });
        }
    }

    /// Shows them.
    pub async fn show(&self, bench: &Bench, trust: &TrustConfig, score: &mut Score<'_>) {
        let Some(door) = &self.door else { return };
        let command = |vector: &Published| bench.command(&format!("--only '{}'", vector.case.id));
        let gallery = Gallery { target: door.as_ref(), trust, declares: &self.declares, command: &command };
        let (results, back) = exhibit(&gallery, &self.shown).await;
        for (index, result) in results {
            score.emit(Event::CaseFinished { index, result: Arc::new(result) });
        }
        if let Err(because) = back {
            let text = format!("after the published vectors the target did not take its own keys again: {because}");
            score.emit(Event::Remark { level: Level::Must, text: text.clone() });
            bench.halt(Some(text));
        }
    }
}
