//! The people's side of a game day: keys, status lines, the plan by the clock on the wall.

use crate::{
    chaos::{Order, Room},
    model::chaos::{Action, Scale, Scenario},
    report::visible,
};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use std::{
    io::{IsTerminal, Read, stdin},
    path::PathBuf,
    thread,
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinHandle, time::interval};

/// How often the status is said.
const STATUS: Duration = Duration::from_secs(1);
/// How often we look for the file that stops everything.
const LOOK: Duration = Duration::from_millis(250);

/// Prints what will happen, at which time of the day if it begins now.
pub(super) fn plan(scenarios: &[Scenario], scale: &Scale) {
    let symbols = scale.symbols();
    let now = jiff::Zoned::now();
    let at = |seconds: f64| {
        let span = jiff::SignedDuration::from_secs_f64(seconds.max(0.0));
        now.checked_add(span).map_or_else(|_| String::new(), |then| then.strftime("%H:%M:%S").to_string())
    };
    let mut begins = 0.0;
    for scenario in scenarios {
        anstream::println!("{}  {}", scenario.id, scenario.title);
        let mix = serde_json::to_value(scenario.traffic.mix).unwrap_or_default();
        anstream::println!("  tokens of the mix {}, {}", mix.as_str().unwrap_or_default(), scenario.traffic.rate);
        let mut base = begins;
        for step in &scenario.timeline {
            let due = base + step.at.seconds(&symbols).unwrap_or(0.0);
            let until = step.length.as_ref().and_then(|length| length.seconds(&symbols));
            let until = until.map_or(String::new(), |length| format!(" until {}", at(due + length)));
            let waits = step.actions.iter().any(|action| matches!(action, Action::Cue(_)));
            let waits = if waits { " (waits for go, and all that follows waits with it)" } else { "" };
            anstream::println!("  {}  {}{until}{waits}", at(due), step.label());
            if step.actions.iter().any(|action| matches!(action, Action::Sync(_))) {
                base = due + symbols.lifetime / 2.0;
            }
        }
        for guard in &scenario.guard {
            let does: Vec<&str> = guard
                .actions
                .iter()
                .map(|action| match action {
                    crate::model::chaos::GuardAction::Heal => "heal",
                    crate::model::chaos::GuardAction::Abort => "abort",
                })
                .collect();
            anstream::println!("  guard     {}: {}", guard.when, does.join(", "));
        }
        begins += scenario.length(scale).0.as_secs_f64();
    }
    anstream::eprintln!(
        "nothing was played; the same command without --dry-run begins at once, with these times counted from then"
    );
}

/// Says every second how it goes, until it is aborted.
pub(super) fn status(room: Room) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut looks = interval(STATUS);
        loop {
            looks.tick().await;
            for live in room.lives().iter().filter(|live| !live.is_over()) {
                for line in live.lines() {
                    anstream::eprintln!("    {}", visible(&line));
                }
                if let Some(cue) = live.asks() {
                    anstream::eprintln!("  {}   g: go, h: heal, a: abort", visible(&cue));
                }
            }
        }
    })
}

/// Ends what is played as soon as the file is there.
pub(super) fn stop_file(room: Room, file: PathBuf) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut looks = interval(LOOK);
        let mut told = 0;
        loop {
            looks.tick().await;
            let begun = room.lives().len();
            if begun > told && file.exists() {
                let by = format!("the file {}", file.display());
                room.give(Order::Heal, &by);
                room.give(Order::Abort, &by);
                told = begun;
            }
        }
    })
}

/// Takes single keys as orders: g, h, a. The terminal is as before when this is dropped.
pub(super) struct Keys {
    before: Option<Termios>,
    heeding: JoinHandle<()>,
}

impl Keys {
    pub fn heed(room: Room) -> Keys {
        let before = stdin().is_terminal().then(|| tcgetattr(stdin()).ok()).flatten();
        if let Some(before) = &before {
            let mut raw = before.clone();
            raw.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO);
            // Without it a line end is wanted behind the key, which is no harm.
            let _ = tcsetattr(stdin(), SetArg::TCSANOW, &raw);
        }
        let (send, mut keys) = mpsc::unbounded_channel();
        // It ends with the process: nothing else can end a read.
        thread::spawn(move || {
            let mut byte = [0];
            while stdin().read(&mut byte).is_ok_and(|read| read > 0) && send.send(byte[0]).is_ok() {}
        });
        let by =
            std::env::var("USER").map_or_else(|_| "somebody at the keys".into(), |user| format!("{user} at the keys"));
        let heeding = tokio::spawn(async move {
            while let Some(byte) = keys.recv().await {
                let order = match byte {
                    b'g' => Order::Go,
                    b'h' => Order::Heal,
                    b'a' => Order::Abort,
                    _ => continue,
                };
                room.give(order, &by);
            }
        });
        Keys { before, heeding }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.heeding.abort();
        if let Some(before) = &self.before {
            // There is nobody to tell.
            let _ = tcsetattr(stdin(), SetArg::TCSANOW, before);
        }
    }
}
