//! A third opinion: SPIN explores an abstract model that is written from the document (`third/link.pml`), and what two clients
//! can see there is what they see of the shipped reducers, step by step, with the same verdicts.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

use handfast::outcome::{LinkState, Profile};
use handfast_model::{
    abstraction::{Seen, Steps, Visible, steps},
    config::{Cast, Size, configurations},
    explore::Limits,
};

const MODEL: &str = include_str!("../third/link.pml");

/// Whether there are SPIN and a C compiler. Where they have to be, their lack is a failure.
fn engine() -> bool {
    let answers = |tool: &str, flag: &str| {
        let silent =
            Command::new(tool).arg(flag).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        silent.is_ok_and(|status| status.success())
    };
    let missing: Vec<_> = [("spin", "-V"), ("cc", "--version")]
        .into_iter()
        .filter(|(tool, flag)| !answers(tool, flag))
        .map(|(tool, _)| tool)
        .collect();
    let required = env::var_os("HANDFAST_REQUIRE").is_some_and(|value| value == "1");
    assert!(missing.is_empty() || !required, "required, and missing: {missing:?}");
    if !missing.is_empty() {
        // Past the harness, which shows what a test prints only when it fails.
        let _ = writeln!(std::io::stderr(), "SKIPPED: there is no {}", missing.join(" and no "));
    }
    missing.is_empty()
}

/// Returns the output of a tool.
fn run(folder: &Path, tool: impl AsRef<Path>, args: &[&str]) -> String {
    let output = Command::new(tool.as_ref()).args(args).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{args:?}: {printed}\n{}", String::from_utf8_lossy(&output.stderr));
    printed
}

/// An abstract model, translated to C.
struct Abstract {
    folder: PathBuf,
}

impl Abstract {
    fn new(name: &str, text: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("third").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("link.pml"), text).unwrap();
        run(&folder, "spin", &["-a", "link.pml"]);
        Self { folder }
    }

    /// Compiles the search, without the reduction that would leave steps out, and runs it.
    fn search(&self, name: &str, defines: &[&str], args: &[&str]) -> String {
        let compile = [&["-w", "-O0", "-DNOREDUCE", "-o", name, "pan.c"], defines].concat();
        run(&self.folder, "cc", &compile);
        self.again(name, args)
    }

    /// Runs it once more. A small hash table and a shallow stack are enough.
    fn again(&self, name: &str, args: &[&str]) -> String {
        run(&self.folder, self.folder.join(name), &[&["-n", "-w16", "-m1000"], args].concat())
    }

    /// Every step between what two clients see.
    fn steps(&self) -> Steps {
        let output = self.search("steps", &["-DNOCLAIM", "-DSAFETY"], &["-E"]);
        assert!(output.contains("errors: 0"), "{output}");
        let steps = output.lines().filter_map(|line| line.strip_prefix("STEP "));
        steps
            .map(|line| {
                let [import, export, next_import, next_export] =
                    line.split(' ').map(visible).collect::<Vec<_>>().try_into().unwrap();
                ((import, export), (next_import, next_export))
            })
            .collect()
    }

    /// Whether each property holds in every weakly fair run.
    fn verdicts(&self) -> BTreeMap<&'static str, bool> {
        self.search("verdicts", &[], &["-a", "-f", "-N", PROPERTIES[0]]);
        PROPERTIES
            .into_iter()
            .map(|property| {
                let output = self.again("verdicts", &["-a", "-f", "-N", property]);
                let errors = output.lines().find_map(|line| line.split_once("errors: ")).unwrap().1;
                (property, errors.trim() == "0")
            })
            .collect()
    }
}

fn visible(number: &str) -> Visible {
    match number.parse().unwrap() {
        5 => Visible::Succeeded,
        6 => Visible::Failed,
        state => Visible::At(LinkState::ALL[state as usize]),
    }
}

/// The properties of `third/link.pml`, by name.
const PROPERTIES: [&str; 6] = [
    "import_never_back",
    "export_never_back",
    "done_is_last",
    "success_is_stored",
    "everyone_ends",
    "never_both_succeed",
];

/// The results of the same properties on the steps that our explorer found.
fn verdicts_on(steps: &Steps) -> BTreeMap<&'static str, bool> {
    let rank = |visible: Visible| match visible {
        Visible::At(state) => state.number(),
        Visible::Succeeded | Visible::Failed => LinkState::Done.number(),
    };
    let all = |holds: &dyn Fn(Seen, Seen) -> bool| steps.iter().all(|&(before, after)| holds(before, after));
    let stays = |before: Visible, after: Visible| !before.is_end() || before == after;
    let seen: BTreeSet<Seen> = steps.iter().flat_map(|&(before, after)| [before, after]).collect();
    let success = Visible::Succeeded;
    let [import, export] =
        [all(&|before, after| rank(before.0) <= rank(after.0)), all(&|before, after| rank(before.1) <= rank(after.1))];
    // Nothing goes back and every step is seen, so every run ends: where no step is left, both have to be.
    let last = seen.iter().filter(|one| !steps.iter().any(|(before, _)| before == *one));
    let ended = |one: &Seen| one.0.is_end() && (one.1.is_end() || one.1 == Visible::At(LinkState::Init));
    let verdicts = [
        import,
        export,
        all(&|before, after| stays(before.0, after.0) && stays(before.1, after.1)),
        seen.iter().all(|one| one.1 != success || one.0 == success),
        import && export && last.into_iter().all(ended),
        !seen.contains(&(success, success)),
    ];
    PROPERTIES.into_iter().zip(verdicts).collect()
}

/// The views of the shipped reducers' clients of each other, with all faults.
static OURS: LazyLock<Steps> = LazyLock::new(|| {
    let pairs = configurations(Size::Small).into_iter().filter(|one| {
        one.profile == Profile::Documented
            && one.cast == Cast::HH
            && one.clients.is_none()
            && !one.sas
            && one.budget.strangers + one.budget.intruders == 0
    });
    pairs.flat_map(|one| steps(one, Limits::default()).unwrap()).collect()
});

#[test]
fn both_engines_see_the_same_steps_and_say_the_same() {
    let (ours, verdicts) = (&*OURS, verdicts_on(&OURS));
    let mut table = String::new();
    for ((import, export), (next_import, next_export)) in ours {
        table.push_str(&format!("({import}, {export}) -> ({next_import}, {next_export})\n"));
    }
    table.push_str(&format!("{} steps\n\n", ours.len()));
    for (property, holds) in &verdicts {
        table.push_str(&format!("{property}: {}\n", if *holds { "holds" } else { "fails" }));
    }
    insta::assert_snapshot!(table);
    if engine() {
        let third = Abstract::new("whole", MODEL);
        let theirs = third.steps();
        let only = |one: &Steps, other: &Steps| one.difference(other).copied().collect::<Vec<_>>();
        assert_eq!((only(ours, &theirs), only(&theirs, ours)), (vec![], vec![]), "(only ours, only SPIN's)");
        // It gets stuck nowhere but where it may.
        let stuck = third.again("steps", &[]);
        assert!(stuck.contains("invalid end states\t+") && stuck.contains("errors: 0"), "{stuck}");
        assert_eq!(third.verdicts(), verdicts);
    }
}

/// The model without each of its steps, and without each condition on the other side.
fn broken() -> Vec<(String, String)> {
    let mut broken = Vec::new();
    for (number, line) in MODEL.lines().enumerate().filter(|(_, line)| line.trim().starts_with(":: d_step")) {
        let with = |other: &str| MODEL.replacen(line, other, 1);
        // A choice without an alternative is none: this one can no longer be taken.
        broken.push((format!("{number} dropped"), with(":: d_step { false -> skip }")));
        if let Some((before, rest)) = line.split_once(" && ") {
            let (_, after) = rest.split_once(" -> ").unwrap();
            broken.push((format!("{number} always"), with(&format!("{before} -> {after}"))));
        }
    }
    broken
}

#[test]
fn every_line_of_the_abstract_model_matters() {
    if !engine() {
        return;
    }
    let broken = broken();
    assert!(broken.len() > 15, "{}", broken.len());
    for (name, text) in broken {
        let theirs = Abstract::new(&name, &text).steps();
        assert_ne!(theirs, *OURS, "line {name}");
    }
}

/// Each verdict turns where the model gives it a reason to.
#[test]
fn every_property_of_the_abstract_model_can_fail() {
    if !engine() {
        return;
    }
    let import = ":: import >= SUCCESS -> break";
    let export = ":: export >= SUCCESS -> break";
    let turned = [
        ("import_never_back", import, ":: d_step { import == IN_PROGRESS -> IMPORT(CONNECTING) }"),
        ("export_never_back", export, ":: d_step { export == IN_PROGRESS -> EXPORT(CONNECTING) }"),
        ("done_is_last", import, ":: d_step { import == FAILURE -> IMPORT(SUCCESS) }"),
        ("success_is_stored", "export == IN_PROGRESS && import == SUCCESS", "export == IN_PROGRESS"),
        ("everyone_ends", "import < SUCCESS -> IMPORT(FAILURE)", "import < CONNECTING -> IMPORT(FAILURE)"),
        ("never_both_succeed", "import == IN_PROGRESS -> IMPORT(SUCCESS)", "false -> skip"),
    ];
    let whole = verdicts_on(&OURS);
    for (property, place, change) in turned {
        let change = if place.contains("break") { format!("{place}\n    {change}") } else { change.into() };
        assert_eq!(MODEL.matches(place).count(), 1, "{place}");
        let verdicts = Abstract::new(property, &MODEL.replace(place, &change)).verdicts();
        assert_ne!(verdicts[property], whole[property], "{property}");
    }
}
