//! The scenarios: what two users do, and how it ends.

use handfast::secret::Secret;

use super::{fault::Fault, stage::Stage, wire::Wire};

/// A scenario.
pub(crate) struct Scenario {
    /// Its name.
    pub(crate) name: &'static str,
    /// The events, in words.
    pub(crate) says: &'static str,
    /// Whether a timer has to run out.
    pub(crate) timers: bool,
    /// The connection between the two sides. Only that of two programs can be another one than the network's.
    pub(crate) wire: Wire,
    plot: Plot,
}

/// The actions of the users, apart from what every link needs.
#[derive(Clone, Copy)]
enum Plot {
    /// Both users agree; these passwords are typed, `None` for the right one.
    Agree(Typed),
    /// The exporting user cancels.
    Cancel(Moment),
    /// The importing user removes the account.
    Remove(Moment),
    /// The importing user answers first, where the question comes before the confirmation, and the exporting user takes time.
    AnswerFirst,
    /// The exporting user confirms twice.
    ConfirmTwice,
    /// The importing user answers twice.
    AnswerTwice,
    /// The importing user answers with a scheme that was not asked for.
    OtherScheme,
    /// A second `addDevice` while the first is live.
    SecondOperation,
    /// The token of a link that has ended is given again.
    DeadToken,
    /// The text is not a token.
    BadToken,
    /// There is no such account.
    NoAccount,
    /// Calls after the end are refused.
    AfterTheEnd,
    /// A link is canceled, and the next one succeeds.
    Again,
    /// A user never answers.
    Silent(Person),
    /// The connection is cut.
    Cut(Moment),
    /// `addDevice` of a token of this form, of a device that is not there.
    Absent(Form),
}

/// The forms of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Short,
    Long,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Typed {
    /// There is no password.
    Nothing,
    /// So many wrong ones, and then the right one unless there were three.
    Wrong(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Person {
    Import,
    Export,
}

/// When a user gives up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// As soon as the token is there.
    Token,
    /// As soon as the export has begun.
    Connecting,
    /// When the export side asks for the confirmation.
    Asked,
    /// When the import side asks its user, after the confirmation.
    Prompted,
    /// After the importing user has answered.
    Answered,
}

const fn scenario(name: &'static str, says: &'static str, plot: Plot) -> Scenario {
    Scenario { name, says, timers: matches!(plot, Plot::Silent(_)), wire: Wire::Whole, plot }
}

const fn over(wire: Wire, name: &'static str, says: &'static str, plot: Plot) -> Scenario {
    Scenario { wire, ..scenario(name, says, plot) }
}

/// All scenarios.
pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario("no-password", "an account without a password is linked", Plot::Agree(Typed::Nothing)),
    scenario("right-password", "the right password is typed", Plot::Agree(Typed::Wrong(0))),
    scenario("wrong-once", "a wrong password, then the right one", Plot::Agree(Typed::Wrong(1))),
    scenario("wrong-twice", "two wrong passwords, then the right one", Plot::Agree(Typed::Wrong(2))),
    scenario("wrong-thrice", "three wrong passwords", Plot::Agree(Typed::Wrong(3))),
    scenario("cancel-connecting", "the exporting user cancels at once", Plot::Cancel(Moment::Connecting)),
    scenario("cancel-asked", "the exporting user cancels instead of confirming", Plot::Cancel(Moment::Asked)),
    scenario("cancel-prompted", "the exporting user cancels after confirming", Plot::Cancel(Moment::Prompted)),
    scenario(
        "cancel-answered",
        "the exporting user cancels when the importing user has answered",
        Plot::Cancel(Moment::Answered),
    ),
    scenario("remove-token", "the importing user gives up before the token is used", Plot::Remove(Moment::Token)),
    scenario("remove-connecting", "the importing user gives up while connecting", Plot::Remove(Moment::Connecting)),
    scenario(
        "remove-asked",
        "the importing user gives up while the exporting user is asked",
        Plot::Remove(Moment::Asked),
    ),
    scenario("remove-prompted", "the importing user gives up instead of answering", Plot::Remove(Moment::Prompted)),
    scenario("remove-answered", "the importing user gives up after answering", Plot::Remove(Moment::Answered)),
    scenario("answer-first", "the importing user answers before the exporting user confirms", Plot::AnswerFirst),
    scenario("confirm-twice", "the exporting user confirms twice", Plot::ConfirmTwice),
    scenario("answer-twice", "the importing user answers twice", Plot::AnswerTwice),
    scenario(
        "other-scheme",
        "an answer in a scheme that was not asked for, then one in the right one",
        Plot::OtherScheme,
    ),
    scenario("second-operation", "addDevice while an operation is live", Plot::SecondOperation),
    scenario("dead-token", "the token of a link that has ended", Plot::DeadToken),
    scenario("bad-token", "addDevice with a text that is no token", Plot::BadToken),
    scenario("no-account", "addDevice of an account that is not there", Plot::NoAccount),
    scenario("after-the-end", "calls for an operation that has ended", Plot::AfterTheEnd),
    scenario("again", "a link after one that was canceled", Plot::Again),
    scenario("silent-export", "the exporting user never confirms", Plot::Silent(Person::Export)),
    scenario("silent-import", "the importing user never answers", Plot::Silent(Person::Import)),
    scenario("short-token", "a token of 40 digits, of a device that is not there", Plot::Absent(Form::Short)),
    scenario("long-token", "a token of 64 digits, of a device that is not there", Plot::Absent(Form::Long)),
    over(Wire::Pieces, "split-writes", "every message comes in pieces", Plot::Agree(Typed::Nothing)),
    over(Wire::Pieces, "split-password", "every message comes in pieces, with passwords", Plot::Agree(Typed::Wrong(1))),
    over(
        Wire::Silent,
        "silent-peer",
        "the network takes everything and brings nothing",
        Plot::Cancel(Moment::Connecting),
    ),
    over(Wire::Cut, "cut-asked", "the connection is cut while the exporting user is asked", Plot::Cut(Moment::Asked)),
    over(
        Wire::Cut,
        "cut-prompted",
        "the connection is cut while the importing user is asked",
        Plot::Cut(Moment::Prompted),
    ),
];

/// Passwords that are not those of the account.
const WRONG: [&str; 3] = ["wrong 1", "wrong 2", "wrong 3"];

fn expect<T: PartialEq + std::fmt::Debug>(call: &str, returned: T, wanted: T) -> Result<(), Fault> {
    match returned == wanted {
        true => Ok(()),
        false => Err(Fault::Otherwise(format!("{call} returns {returned:?}, not {wanted:?}"))),
    }
}

/// `addDevice` begins an operation.
async fn add(stage: &mut Stage<'_>, token: &str) -> Result<(), Fault> {
    let returned = stage.add(token).await?;
    match returned > 0 {
        true => Ok(()),
        false => Err(Fault::Otherwise(format!("addDevice returns {returned}, no operation"))),
    }
}

/// Goes on to a moment of a link without a password.
async fn until(stage: &mut Stage<'_>, moment: Moment) -> Result<(), Fault> {
    let token = stage.begin_import().await?;
    if moment == Moment::Token {
        return Ok(());
    }
    add(stage, &token).await?;
    if moment == Moment::Connecting {
        return stage.export_state(2).await;
    }
    stage.export_state(3).await?;
    if moment == Moment::Asked {
        return Ok(());
    }
    expect("confirmAddDevice", stage.confirm().await?, true)?;
    stage.import_state(3, 1).await?;
    if moment == Moment::Answered {
        expect("provideAccountAuthentication", stage.answer(&Secret::default(), "").await?, true)?;
    }
    Ok(())
}

impl Scenario {
    /// Plays it.
    pub(crate) async fn play(&self, stage: &mut Stage<'_>) -> Result<(), Fault> {
        match self.plot {
            Plot::Agree(Typed::Nothing) => {
                stage.choose(false)?;
                until(stage, Moment::Answered).await?;
                stage.ends(true, true).await
            }
            Plot::Agree(Typed::Wrong(count)) => with_password(stage, count).await,
            Plot::Cancel(moment) => {
                stage.choose(false)?;
                until(stage, moment).await?;
                let canceled = stage.cancel().await?;
                if moment != Moment::Answered {
                    expect("cancelAddDevice", canceled, true)?;
                }
                if canceled {
                    // An importer that no one connects to waits for another one to use its token.
                    stage.export_state(5).await?;
                    if moment == Moment::Connecting {
                        stage.remove().await?;
                        return Ok(());
                    }
                }
                stage.ends(!canceled, !canceled).await
            }
            Plot::Remove(moment) => {
                stage.choose(false)?;
                until(stage, moment).await?;
                stage.remove().await?;
                if moment == Moment::Token {
                    return Ok(());
                }
                stage.export_state(5).await
            }
            Plot::AnswerFirst => {
                stage.choose(false)?;
                until(stage, Moment::Asked).await?;
                stage.think().await?;
                // An old exporter asks the importer only when its own user has confirmed.
                let asked = stage.is_prompted();
                if asked {
                    expect("provideAccountAuthentication", stage.answer(&Secret::default(), "").await?, true)?;
                    stage.think().await?;
                }
                expect("confirmAddDevice", stage.confirm().await?, true)?;
                if !asked {
                    stage.import_state(3, 1).await?;
                    expect("provideAccountAuthentication", stage.answer(&Secret::default(), "").await?, true)?;
                }
                stage.ends(true, true).await
            }
            Plot::ConfirmTwice => {
                stage.choose(false)?;
                until(stage, Moment::Asked).await?;
                expect("confirmAddDevice", stage.confirm().await?, true)?;
                // An old daemon may take both (E10): the model knows.
                stage.confirm().await?;
                stage.import_state(3, 1).await?;
                stage.answer(&Secret::default(), "").await?;
                stage.export_state(5).await
            }
            Plot::AnswerTwice => {
                stage.choose(false)?;
                until(stage, Moment::Answered).await?;
                stage.answer(&Secret::default(), "").await?;
                stage.ends(true, true).await
            }
            Plot::OtherScheme => {
                stage.choose(false)?;
                until(stage, Moment::Prompted).await?;
                if !stage.answer(&Secret::default(), "password").await? {
                    expect("provideAccountAuthentication", stage.answer(&Secret::default(), "").await?, true)?;
                }
                stage.ends(true, true).await
            }
            Plot::SecondOperation => {
                stage.choose(false)?;
                let token = stage.begin_import().await?;
                add(stage, &token).await?;
                expect("addDevice", stage.add(&token).await?, -2)?;
                finish(stage).await
            }
            Plot::DeadToken => {
                stage.choose(false)?;
                let token = stage.begin_import().await?;
                add(stage, &token).await?;
                finish(stage).await?;
                add(stage, &token).await?;
                // It is looked for as long as a device may take to be found.
                stage.cancel().await?;
                stage.export_state(5).await
            }
            Plot::BadToken => {
                stage.choose(false)?;
                expect("addDevice", stage.add("jami-auth://0123/123456").await?, -1)
            }
            Plot::NoAccount => {
                let token = stage.begin_import().await?;
                expect("addDevice", stage.add_of_no_account(&token).await?, -3)?;
                stage.remove().await
            }
            Plot::AfterTheEnd => {
                stage.choose(false)?;
                until(stage, Moment::Answered).await?;
                stage.ends(true, true).await?;
                expect("confirmAddDevice", stage.confirm().await?, false)?;
                expect("cancelAddDevice", stage.cancel().await?, false)
            }
            Plot::Again => {
                stage.choose(false)?;
                until(stage, Moment::Asked).await?;
                expect("cancelAddDevice", stage.cancel().await?, true)?;
                stage.ends(false, false).await?;
                until(stage, Moment::Answered).await?;
                stage.ends(true, true).await
            }
            Plot::Silent(Person::Export) => {
                stage.choose(false)?;
                until(stage, Moment::Asked).await?;
                stage.ends(false, false).await
            }
            Plot::Silent(Person::Import) => {
                stage.choose(false)?;
                until(stage, Moment::Prompted).await?;
                stage.ends(false, false).await
            }
            Plot::Cut(moment) => {
                stage.choose(false)?;
                until(stage, moment).await?;
                stage.cut()?;
                stage.ends(false, false).await
            }
            Plot::Absent(form) => {
                stage.choose(false)?;
                let digits = "0123456789abcdef0123456789abcdef01234567";
                let token = match form {
                    Form::Short => format!("jami-auth://{digits}/123456"),
                    Form::Long => format!("jami-auth://{digits}{}/123456", &digits[..24]),
                };
                // The model knows which daemon takes which.
                if stage.add(&token).await? > 0 {
                    stage.cancel().await?;
                    stage.export_state(5).await?;
                }
                Ok(())
            }
        }
    }

    /// The account that it exports: whether that is the protected one; `None` if none.
    #[cfg(feature = "dbus")]
    pub(crate) const fn protected(&self) -> Option<bool> {
        match self.plot {
            Plot::Agree(Typed::Wrong(_)) => Some(true),
            Plot::NoAccount => None,
            _ => Some(false),
        }
    }

    /// Whether the link may be lost in it.
    pub(crate) const fn loses(&self) -> bool {
        matches!(self.plot, Plot::Cut(_))
    }

    /// Whether an operation may go on that only a timer ends: that of a peer which does not learn of the end.
    pub(crate) const fn waits(&self) -> bool {
        matches!(self.plot, Plot::Silent(_) | Plot::Remove(_) | Plot::DeadToken)
    }
}

/// Both users agree.
async fn finish(stage: &mut Stage<'_>) -> Result<(), Fault> {
    stage.export_state(3).await?;
    expect("confirmAddDevice", stage.confirm().await?, true)?;
    stage.import_state(3, 1).await?;
    expect("provideAccountAuthentication", stage.answer(&Secret::default(), "").await?, true)?;
    stage.ends(true, true).await
}

async fn with_password(stage: &mut Stage<'_>, wrong: usize) -> Result<(), Fault> {
    stage.choose(true)?;
    let token = stage.begin_import().await?;
    add(stage, &token).await?;
    stage.export_state(3).await?;
    expect("confirmAddDevice", stage.confirm().await?, true)?;
    let right = stage.password();
    let typed = WRONG.into_iter().take(wrong).map(Secret::from);
    for (number, password) in typed.chain((wrong < 3).then(|| right.clone())).enumerate() {
        stage.import_state(3, number + 1).await?;
        expect("provideAccountAuthentication", stage.answer(&password, "password").await?, true)?;
    }
    stage.ends(wrong < 3, wrong < 3).await
}
