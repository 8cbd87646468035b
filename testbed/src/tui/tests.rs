//! Every screen, drawn without a terminal: that each fits, and the page of them all.

use std::{env, fmt::Write as _, fs, io::ErrorKind, path::Path, time::Duration};

use handfast::{
    client::{
        Failure,
        export::Screen as ExportScreen,
        import::{Prompt, Screen as ImportScreen},
    },
    operations::{AddAccountError, AddDeviceError},
    outcome::{AccountId, Outcome, Scheme, Side},
};

use super::{
    export,
    frame::{Frame, Size},
    import,
    keys::Key,
    parts::Amount,
    unlock,
};
use crate::{
    link::{
        comparison::Shown,
        texts::{self, Known},
    },
    qr::Code,
};

const TOKEN: &str = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
const LONG: &str = "jami-auth://4ccf2262b8772888db1eeb20c3eed0825fa53518fb0df1ba1990b9710f533095/192691";
const ACCOUNT: AccountId = AccountId([
    0xe7, 0x1c, 0x06, 0x24, 0x9b, 0x5d, 0x4f, 0x6d, 0x33, 0x05, 0x1a, 0x0e, 0x60, 0xc2, 0x8d, 0x17, 0xf4, 0x29, 0xa1,
    0x3c,
]);
const PROMPT: Prompt = Prompt { peer: ACCOUNT, scheme: Scheme::Password, wrong_password: false };

/// A screen with a name, drawn at any size.
type Named = (&'static str, Box<dyn Fn(Size) -> Frame>);

fn address() -> std::net::SocketAddr {
    "127.0.0.1:4000".parse().unwrap()
}

const fn amount(done: u64) -> Amount {
    Amount { done, total: 32 << 20, elapsed: Duration::from_secs(5) }
}

fn named(name: &'static str, screen: impl Fn(Size) -> Frame + 'static) -> Named {
    (name, Box::new(screen))
}

fn import_view(token: &str) -> import::View {
    let code = Code::on_terminal(token, true).ok();
    import::View {
        token: Some(import::Token {
            text: token.to_owned(),
            code,
            options: format!(" --peer {}", address()),
            advice: None,
        }),
        left: Some(Duration::from_secs(291)),
        ..import::View::default()
    }
}

/// The string that both screens have to show.
fn string() -> Option<Shown> {
    Some(Shown { digits: "232601".into(), words: "sock hippo present rack".into() })
}

/// A view of an import, and what is different in it.
fn of_import(name: &'static str, screen: ImportScreen, change: impl FnOnce(&mut import::View)) -> Named {
    let mut view = import_view(TOKEN);
    change(&mut view);
    named(name, move |size| view.frame(&screen, size))
}

fn imports() -> Vec<Named> {
    let asked = |prompt| ImportScreen::Authenticating { prompt, answered: false };
    let nothing = |_: &mut import::View| {};
    let long = import_view(LONG);
    vec![
        of_import("A token is made", ImportScreen::Init, nothing),
        of_import("The token", ImportScreen::TokenAvailable, nothing),
        named("A long token, as with `--profile jamid`", move |size| long.frame(&ImportScreen::TokenAvailable, size)),
        of_import("A device connects", ImportScreen::Connecting, nothing),
        of_import(
            "Whether both screens show the same",
            ImportScreen::Comparing { peer: ACCOUNT, answered: false },
            |view| {
                view.shown = string();
            },
        ),
        of_import("They do", ImportScreen::Comparing { peer: ACCOUNT, answered: true }, |view| view.shown = string()),
        of_import("Whose account it is", asked(PROMPT), nothing),
        of_import("There is nothing to compare", asked(PROMPT), |view| view.nothing_to_compare = true),
        of_import("Its password", asked(PROMPT), |view| {
            view.agreed = true;
            for _ in 0..8 {
                view.password.key(Key::Char('x'));
            }
        }),
        of_import("A wrong password", asked(Prompt { wrong_password: true, ..PROMPT }), |view| {
            (view.agreed, view.wrong) = (true, 1);
        }),
        of_import("Two wrong passwords", asked(Prompt { wrong_password: true, ..PROMPT }), |view| {
            (view.agreed, view.wrong) = (true, 2);
        }),
        of_import(
            "The other device is waited for",
            ImportScreen::Authenticating { prompt: PROMPT, answered: true },
            nothing,
        ),
        of_import("The account is received", ImportScreen::InProgress, |view| {
            view.status.amount = Some(amount(15 << 20))
        }),
        of_import("Given up while it is received", ImportScreen::InProgress, |view| {
            view.status.amount = Some(amount(15 << 20));
            view.status.note = Some(texts::goes_on(Side::Import).into());
            view.status.leaving = true;
        }),
    ]
}

/// A view of an export, and what is different in it.
fn of_export(name: &'static str, screen: ExportScreen, change: impl FnOnce(&mut export::View)) -> Named {
    let mut view = export::View::new(Some(ACCOUNT), format!("The new device is being connected to, at {}.", address()));
    change(&mut view);
    named(name, move |size| view.frame(&screen, size))
}

/// Types a text in the token's place.
fn typed(text: &'static str) -> impl FnOnce(&mut export::View) {
    let screen = ExportScreen::ShowInputOptions;
    move |view| text.chars().for_each(|char| assert!(view.key(&screen, Key::Char(char)).is_none()))
}

fn exports() -> Vec<Named> {
    use ExportScreen::{Authenticating, Comparing, Connecting, InProgress, QrScanning, ShowInputOptions};
    let nothing = |_: &mut export::View| {};
    let unlock = |change: fn(&mut unlock::View)| {
        let mut view = unlock::View::of(Path::new("account.gz"));
        change(&mut view);
        move |size| view.frame(size)
    };
    let at = |confirmed| Authenticating { address: address(), confirmed };
    vec![
        named("The archive's password", unlock(|view| assert!(view.key(Key::Char('x')).is_none()))),
        named("A wrong one", unlock(|view| view.wrong = true)),
        named("The archive is opened", unlock(|view| view.opening = true)),
        of_export("How the token is taken", ShowInputOptions, nothing),
        of_export("The token is typed", ShowInputOptions, typed("jami-auth://02f92cb0")),
        of_export("Something is wrong with it", ShowInputOptions, typed("jami-auth://02f92cb0x4a7")),
        of_export("It is a token", ShowInputOptions, typed(TOKEN)),
        of_export("The image of its QR code", ShowInputOptions, typed("'my screenshot.png'")),
        of_export("An image without one", ShowInputOptions, |view| {
            typed("holiday.png")(view);
            view.status.note = Some("holiday.png shows no QR code".into());
        }),
        of_export("The image is read", QrScanning, nothing),
        of_export("The new device is looked for", Connecting, nothing),
        of_export("Whether both screens show the same", Comparing { address: address(), answered: false }, |view| {
            view.shown = string();
        }),
        of_export("They do", Comparing { address: address(), answered: true }, |view| view.shown = string()),
        of_export("Which device it is", at(false), nothing),
        of_export("There is nothing to compare", at(false), |view| view.nothing_to_compare = true),
        of_export("The new device is waited for", at(true), nothing),
        of_export("The account is sent", InProgress, |view| view.status.amount = Some(amount(15 << 20))),
        of_export("All of it is sent", InProgress, |view| {
            let all = amount(0).total;
            view.status.amount = Some(amount(all));
        }),
        of_export("Given up while it is sent", InProgress, |view| {
            view.status.amount = Some(amount(15 << 20));
            view.status.note = Some(texts::goes_on(Side::Export).into());
            view.status.leaving = true;
        }),
    ]
}

fn width(frame: &Frame) -> usize {
    let of = |spans: &[super::frame::Span]| spans.iter().map(|span| textwrap::core::display_width(&span.text)).sum();
    frame.rows.iter().map(|row| of(&row.spans)).max().unwrap_or(0)
}

#[test]
fn no_screen_is_larger_than_its_terminal() {
    for (name, screen) in imports().iter().chain(&exports()) {
        for (columns, rows) in
            (1..140).step_by(7).flat_map(|columns| (1..50).step_by(3).map(move |rows| (columns, rows)))
        {
            let frame = screen(Size { columns, rows });
            assert!(frame.rows.len() <= rows && width(&frame) <= columns, "{name} at {columns}x{rows}:\n{frame}");
            if let Some((row, column)) = frame.cursor {
                assert!(row < frame.rows.len() && column < columns, "{name} at {columns}x{rows}: {row}, {column}");
            }
        }
    }
}

/// At the least size nothing is cut: what is drawn with more rows is the same.
#[test]
fn every_screen_fits_the_least_terminal() {
    let Size { columns, rows } = Size::LEAST;
    for (name, screen) in imports().iter().chain(&exports()) {
        let words = |frame: Frame| frame.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        let least = words(screen(Size { columns, rows }));
        assert_eq!(least, words(screen(Size { columns, rows: Size::ROWS_OF_QR - 1 })), "{name}");
    }
}

/// With and without room for it, at each size around where it begins to fit.
#[test]
fn a_qr_code_is_whole_or_not_there() {
    for token in [TOKEN, LONG] {
        let view = import_view(token);
        let code = Code::on_terminal(token, true).unwrap();
        let (mut with, mut without) = (0, 0);
        for (columns, rows) in (38..90).flat_map(|columns| (25..45).map(move |rows| (columns, rows))) {
            let drawn = view.frame(&ImportScreen::Connecting, Size { columns, rows }).to_string();
            let rows_of_it = drawn.lines().filter(|line| line.contains(['█', '▀', '▄'])).count();
            match rows_of_it {
                0 => without += 1,
                // The rows of the quiet zone above and below are blank.
                some => {
                    with += 1;
                    assert!(rows >= Size::ROWS_OF_QR && some + 4 >= code.size().rows, "{columns}x{rows}:\n{drawn}");
                    assert!(code.rows().iter().all(|row| drawn.contains(row.trim_end())), "{columns}x{rows}:\n{drawn}");
                    assert!(drawn.contains("cancel") && drawn.contains("more."), "{columns}x{rows}:\n{drawn}");
                }
            }
        }
        assert!(with > 0 && without > 0);
    }
}

/// Yes is `y` and nothing else, and every screen can be left.
#[test]
fn keys_do_what_the_screen_says() {
    for char in ('\0'..='\u{ff}').filter(|char| !"yYnN".contains(*char)) {
        let asked = ImportScreen::Authenticating { prompt: PROMPT, answered: false };
        assert!(import::View::default().key(&asked, Key::Char(char)).is_none());
        let asked = ExportScreen::Authenticating { address: address(), confirmed: false };
        assert!(export::View::new(None, String::new()).key(&asked, Key::Char(char)).is_none());
    }
    for answered in [false, true] {
        for agreed in [false, true] {
            let mut view = import::View { agreed, ..import::View::default() };
            let screen = ImportScreen::Authenticating { prompt: PROMPT, answered };
            assert!(matches!(view.key(&screen, Key::Esc), Some(import::Act::Leave)));
        }
    }
    for screen in [ImportScreen::Init, ImportScreen::TokenAvailable, ImportScreen::Connecting, ImportScreen::InProgress]
    {
        assert!(matches!(import::View::default().key(&screen, Key::Esc), Some(import::Act::Leave)));
    }
    let mut view = export::View::new(None, String::new());
    assert!(matches!(view.key(&ExportScreen::QrScanning, Key::Esc), Some(export::Act::Cancel)));
    // A text that is neither a token nor a path cannot be entered.
    assert!(view.key(&ExportScreen::ShowInputOptions, Key::Enter).is_none());
    for screen in [ExportScreen::ShowInputOptions, ExportScreen::Connecting, ExportScreen::InProgress] {
        let mut view = export::View::new(None, String::new());
        assert!(matches!(view.key(&screen, Key::Esc), Some(export::Act::Leave)));
    }
}

/// One field takes both, and no letter of what is pasted is a key of a menu.
#[test]
fn a_token_and_a_path_are_given_in_one_field() {
    let options = ExportScreen::ShowInputOptions;
    let mut view = export::View::new(None, String::new());
    typed(TOKEN)(&mut view);
    assert!(view.key(&options, Key::Break).is_none());
    assert!(matches!(view.key(&options, Key::Enter), Some(export::Act::Entered(_))));
    view.key(&options, Key::Clear);
    typed("\"/tmp/it is.png\" ")(&mut view);
    let Some(export::Act::Start(path)) = view.key(&options, Key::Enter) else { panic!("it is a path") };
    assert_eq!(path, Path::new("/tmp/it is.png"));
}

/// How links end, from both sides, as the page has it.
fn ends() -> String {
    let mut all = String::new();
    let here = Known { canceled_here: true, ..Known::default() };
    let refused = [
        (Side::Import, "`addAccount` is refused: too many", Failure::NoAccount(AddAccountError::TooMany)),
        (Side::Import, "`addAccount` is refused", Failure::NoAccount(AddAccountError::Taken)),
        (Side::Export, "`addDevice` is refused: no token", Failure::NoDevice(AddDeviceError::InvalidUri)),
        (Side::Export, "`addDevice` is refused: linking already", Failure::NoDevice(AddDeviceError::AlreadyLinking)),
        (Side::Export, "`addDevice` is refused", Failure::NoDevice(AddDeviceError::Generic)),
    ];
    for (side, title) in
        [(Side::Import, "### On the new device"), (Side::Export, "### On the device that has the account")]
    {
        let _ = writeln!(all, "{title}\n\n| outcome | text |\n|---|---|");
        for outcome in Outcome::ALL {
            // An import's success is always confirmed, and it learns nothing of what was sent.
            if side == Side::Export || outcome == Outcome::SUCCESS || !outcome.to_string().contains('(') {
                let _ = writeln!(all, "| {outcome} | {} |", texts::ended(side, outcome, here));
            }
        }
        let _ = writeln!(
            all,
            "| {}, by the other device | {} |",
            Outcome::CANCELED,
            texts::ended(side, Outcome::CANCELED, Known::default())
        );
        let causes = [
            (ErrorKind::ConnectionRefused, "nothing listens"),
            (ErrorKind::PermissionDenied, "the code is not the new device's"),
            (ErrorKind::NotFound, "another device answers"),
        ];
        for (kind, what) in causes.into_iter().filter(|_| side == Side::Export) {
            let known = Known { cause: Some(kind), ..Known::default() };
            let _ = writeln!(all, "| {}, {what} | {} |", Outcome::Network, texts::ended(side, Outcome::Network, known));
        }
        let _ = writeln!(all, "| an unknown error | {} |", texts::failed(side, Failure::Unheard, here));
        for (_, what, failure) in refused.iter().filter(|(of, ..)| *of == side) {
            let _ = writeln!(all, "| {what} | {} |", texts::failed(side, *failure, here));
        }
        all.push('\n');
    }
    all
}

/// `docs/generated/screens.md` is made here: `INSTA_UPDATE=always cargo test -p handfast-testbed --lib` writes it anew.
#[test]
fn the_page_shows_every_screen() {
    let mut page = String::from(include_str!("screens.md"));
    let draw = |page: &mut String, (name, screen): &Named, size: Size| {
        let _ = writeln!(page, "### {name}\n\n```text\n{}```\n", screen(size));
    };
    let size = Size { columns: 80, rows: 24 };
    page.push_str("\n## The new device: `handfast import`\n\n");
    for screen in imports() {
        draw(&mut page, &screen, size);
    }
    let with_code = of_import("The token, with 40 rows", ImportScreen::TokenAvailable, |_| {});
    draw(&mut page, &with_code, Size { columns: 80, rows: 40 });
    page.push_str("## The device that has the account: `handfast export`\n\n");
    for screen in exports() {
        draw(&mut page, &screen, size);
    }
    page.push_str("## How it ends\n\nThe text of the end stays on the terminal, as does the cause of a failure on this device.\n\n");
    page.push_str(ends().trim_end());
    page.push('\n');

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/generated/screens.md");
    if env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&path, &page).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page,
        "docs/generated/screens.md is out of date: run this test with INSTA_UPDATE=always, and look at what changes"
    );
}
