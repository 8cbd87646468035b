//! Which part of a sweep is this machine's: as the command line says, or as the environment of its scheduler says.

use std::fmt::Display;

use handfast_sim::Shard;

use crate::failure::Failure;

/// A scheduler that starts the same command several times. Its variables number the processes.
struct Scheduler {
    name: &'static str,
    /// Set where it is there.
    index: &'static str,
    /// The index of the first one.
    first: First,
    count: &'static str,
}

enum First {
    Number(u64),
    /// It is in a variable, and so is how far apart they are.
    Slurm,
}

/// How many pods a Kubernetes indexed job has is in no variable of its own.
const SHARDS: &str = "HANDFAST_SHARDS";

const SCHEDULERS: [Scheduler; 3] = [
    Scheduler { name: "Slurm", index: "SLURM_ARRAY_TASK_ID", first: First::Slurm, count: "SLURM_ARRAY_TASK_COUNT" },
    Scheduler { name: "Kubernetes", index: "JOB_COMPLETION_INDEX", first: First::Number(0), count: SHARDS },
    Scheduler { name: "GitLab", index: "CI_NODE_INDEX", first: First::Number(1), count: "CI_NODE_TOTAL" },
];

/// The value of `--shard`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// This one.
    One(Shard),
    /// The one that the environment names.
    Environment,
}

/// Reads `I/N`, or `env`.
pub(super) fn parse(text: &str) -> Result<Asked, &'static str> {
    if text == "env" { Ok(Asked::Environment) } else { pair(text).map(Asked::One) }
}

fn pair(text: &str) -> Result<Shard, &'static str> {
    let (index, of) = text.split_once('/').ok_or("expected I/N, or env")?;
    let (index, of) = index.parse().ok().zip(of.parse().ok()).ok_or("expected two numbers, I/N")?;
    if index < of { Ok(Shard { index, of }) } else { Err("expected I/N with I below N") }
}

/// The shard that the environment names, and who does.
pub(super) fn of_environment(
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<(Shard, &'static str)>, Failure> {
    let Some(scheduler) = SCHEDULERS.iter().find(|scheduler| variable(scheduler.index).is_some()) else {
        return Ok(None);
    };
    let number = |name: &str| {
        let text = variable(name).ok_or_else(|| unclear(scheduler, format_args!("{name} is not set")))?;
        text.parse::<u64>().map_err(|_| unclear(scheduler, format_args!("{name} is {text:?}, which is no number")))
    };
    let (index, of) = (number(scheduler.index)?, number(scheduler.count)?);
    let (first, step) = match scheduler.first {
        First::Number(first) => (first, 1),
        First::Slurm => (number("SLURM_ARRAY_TASK_MIN")?, number("SLURM_ARRAY_TASK_STEP")?),
    };
    // An array like 1,5,7 has no step that leads from one to the next.
    let place = index.checked_sub(first).filter(|from| step > 0 && from % step == 0).map(|from| from / step);
    let place = place.filter(|&place| place < of);
    let shard = place.map(|index| Shard { index, of });
    let what = format_args!("{} is {index}, the first is {first}, and there are {of}", scheduler.index);
    shard.map(|shard| Some((shard, scheduler.name))).ok_or_else(|| unclear(scheduler, what))
}

fn unclear(scheduler: &Scheduler, what: impl Display) -> Failure {
    Failure::usage(format_args!(
        "the environment of {} names no shard: {what}; name it with --shard I/N",
        scheduler.name
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(environment: &[(&str, &str)]) -> Result<Option<(Shard, &'static str)>, Failure> {
        of_environment(&|name| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into()))
    }

    fn slurm(id: &str, min: &str, step: &str, count: &str) -> Result<Option<(Shard, &'static str)>, Failure> {
        shard(&[
            ("SLURM_ARRAY_TASK_ID", id),
            ("SLURM_ARRAY_TASK_MIN", min),
            ("SLURM_ARRAY_TASK_STEP", step),
            ("SLURM_ARRAY_TASK_COUNT", count),
        ])
    }

    #[test]
    fn shards_count_from_nought() {
        assert_eq!(parse("0/2"), Ok(Asked::One(Shard { index: 0, of: 2 })));
        assert_eq!(parse("env"), Ok(Asked::Environment));
        for wrong in ["", "2", "2/2", "1/0", "a/b"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_scheduler_counts_in_its_own_way() {
        let is = |index, of, name| Some((Shard { index, of }, name));
        assert_eq!(shard(&[]).unwrap(), None);
        assert_eq!(slurm("3", "0", "1", "8").unwrap(), is(3, 8, "Slurm"));
        assert_eq!(slurm("1", "1", "1", "8").unwrap(), is(0, 8, "Slurm"));
        assert_eq!(slurm("20", "10", "5", "3").unwrap(), is(2, 3, "Slurm"));
        let pod = [("JOB_COMPLETION_INDEX", "0"), ("HANDFAST_SHARDS", "8")];
        assert_eq!(shard(&pod).unwrap(), is(0, 8, "Kubernetes"));
        let job = [("CI_NODE_INDEX", "8"), ("CI_NODE_TOTAL", "8")];
        assert_eq!(shard(&job).unwrap(), is(7, 8, "GitLab"));
    }

    /// A shard that is guessed would leave seeds out.
    #[test]
    fn what_is_not_clear_is_refused() {
        for unclear in [
            slurm("3", "0", "1", "3"),
            slurm("4", "1", "2", "2"),
            slurm("0", "1", "1", "2"),
            slurm("0", "0", "0", "1"),
            slurm("x", "0", "1", "2"),
            shard(&[("JOB_COMPLETION_INDEX", "0")]),
            shard(&[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "2")]),
        ] {
            assert!(unclear.is_err());
        }
    }
}
