//! The memory of a started target: resident pages of its process group, as Linux tells them in `/proc`.

use nix::unistd::{SysconfVar, sysconf};
use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    time::Duration,
};

/// Reads the memory of a process group. Clones read the same group, also after it was started again.
#[derive(Debug, Clone, Default)]
pub struct MemoryGauge(Arc<AtomicI32>);

/// The clock ticks of `/proc` in a second where the system does not say: what Linux has everywhere.
const TICKS: i64 = 100;

/// Memory of all processes of a group at one moment, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Resident now (`VmRSS`).
    pub resident: u64,
    /// The most that each process ever had (`VmHWM`), added up.
    pub highest: u64,
}

impl MemoryGauge {
    /// Turns to another group.
    pub(super) fn watch(&self, group: i32) {
        self.0.store(group, Ordering::Relaxed);
    }

    /// The processor time that the group's processes used so far, with their children that have ended; `None` as in
    /// [`MemoryGauge::read`].
    #[must_use]
    pub fn processor(&self) -> Option<Duration> {
        let group = self.0.load(Ordering::Relaxed);
        if group <= 0 {
            return None;
        }
        let ticks: u64 = fs::read_dir("/proc")
            .ok()?
            .flatten()
            .map(|process| fs::read_to_string(process.path().join("stat")).unwrap_or_default())
            .filter(|stat| group_of(stat) == Some(group))
            .map(|stat| ticks(&stat))
            .sum();
        let rate = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(TICKS);
        (ticks > 0).then(|| Duration::from_secs_f64(ticks as f64 / rate.max(1) as f64))
    }

    /// Reads it; `None` where there is no `/proc`, or no process of the group is alive.
    #[must_use]
    pub fn read(&self) -> Option<Reading> {
        let group = self.0.load(Ordering::Relaxed);
        if group <= 0 {
            return None;
        }
        let mut sum = Reading { resident: 0, highest: 0 };
        for process in fs::read_dir("/proc").ok()?.flatten() {
            let path = process.path();
            let stat = fs::read_to_string(path.join("stat")).unwrap_or_default();
            if group_of(&stat) == Some(group)
                && let Ok(status) = fs::read_to_string(path.join("status"))
            {
                sum.resident += kilobytes(&status, "VmRSS:") * 1024;
                sum.highest += kilobytes(&status, "VmHWM:") * 1024;
            }
        }
        (sum.resident > 0).then_some(sum)
    }
}

/// The process group in the text of `/proc/PID/stat`: the name, in brackets, may hold anything; state, parent and group
/// follow it.
fn group_of(stat: &str) -> Option<i32> {
    stat.rsplit(')').next()?.split_whitespace().nth(2)?.parse().ok()
}

/// User and system time of a process and of its children that have ended, in clock ticks: the 12th to the 15th field
/// behind the name.
fn ticks(stat: &str) -> u64 {
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum()
}

fn kilobytes(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_s_texts_are_read() {
        assert_eq!(group_of("12 (a) b) S 1 34 34 0"), Some(34));
        assert_eq!(group_of("12 (a"), None);
        assert_eq!(ticks("12 (a) b) S 1 34 34 0 -1 4194304 1 2 3 4 100 20 3 1 20 0"), 124);
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t  1024 kB\n";
        assert_eq!(
            (kilobytes(status, "VmRSS:"), kilobytes(status, "VmHWM:"), kilobytes(status, "Vm:")),
            (1024, 2048, 0)
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn our_own_group_has_memory_and_no_group_has_none() {
        let gauge = MemoryGauge::default();
        assert_eq!(gauge.read(), None);
        gauge.watch(nix::unistd::getpgrp().as_raw());
        let reading = gauge.read().unwrap();
        assert!(reading.resident > 0 && reading.highest >= reading.resident, "{reading:?}");
        gauge.watch(i32::MAX);
        assert_eq!(gauge.read(), None);
    }
}
