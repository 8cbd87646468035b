//! Schedules that once showed something, carried out for ever.

use std::{fs, path::Path};

use handfast_sim::event::{Engine, Law, Mutant, Regression, Watch, Way, broken};

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/regressions"))
}

#[test]
fn they_stay_as_they_are() {
    let mut files: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 10);
    for path in files {
        let one = Regression::read(&fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.display();
        assert!(!one.reason.is_empty() && !one.reason.contains('\n'), "{name}");
        let ran = Engine::shipped().run(&one.schedule, Watch::ALL);
        assert_eq!(ran.broken, None, "{name}: {}", one.reason);
        assert_eq!(one.mutant.is_some(), one.breaks.is_some(), "{name}");
        if let Some(id) = &one.mutant {
            let law = broken(&Mutant::find(id).unwrap().engine(), &one.schedule);
            assert_eq!(law.map(|law: Law| law.to_string()), one.breaks, "{name}: {}", one.reason);
        }
    }
}

/// Writes the shortest schedule that kills each mutant, where there is none yet: `HANDFAST_WRITE_REGRESSIONS=1`.
#[test]
fn every_mutant_has_one() {
    for mutant in Mutant::all() {
        let path = folder().join(format!("{}.json", mutant.id));
        if std::env::var_os("HANDFAST_WRITE_REGRESSIONS").is_some() && !path.exists() {
            let kill = mutant.hunt(Way::Blind, 0..30_000).unwrap();
            let one = Regression {
                reason: mutant.broken.into(),
                mutant: Some(mutant.id.into()),
                breaks: Some(kill.law.to_string()),
                schedule: kill.schedule,
            };
            fs::write(&path, serde_json::to_string(&one).unwrap() + "\n").unwrap();
        }
        assert!(path.exists(), "{}: {}", mutant.id, mutant.broken);
    }
}
