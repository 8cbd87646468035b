//! People at terminals: two processes in pseudo-terminals link, and what is on their screens.

use std::{net::TcpListener, path::Path};

use rustix::process::Signal;

use crate::{
    person::{Left, Person, fixed},
    support::{Folder, Relay, accounts, image, text},
};

/// Columns and rows.
const USUAL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (100, 40);

const ESC: &str = "\x1b";
const CTRL_C: &str = "\x03";
const TOKEN: &str = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";

/// Screens in the order in which they were seen, without what is another each time.
#[derive(Default)]
struct Album {
    volatile: Vec<(String, &'static str)>,
    pages: Vec<(&'static str, String)>,
}

impl Album {
    fn of(folder: &Folder, importer: &Person) -> Self {
        let mut album = Self::default();
        album.volatile.push((importer.token(), "TOKEN"));
        album.volatile.push((importer.address(), "ADDR"));
        album.volatile.push((text(&folder.path("")).to_owned(), "DIR/"));
        album
    }

    fn add(&mut self, name: &'static str, screen: impl Into<String>) {
        let screen = screen.into();
        if let Some(account) = account(&screen) {
            self.volatile.push((account.replace(' ', ""), "ACCOUNT"));
            self.volatile.push((account, "ACCOUNT"));
        }
        self.pages.push((name, screen));
    }

    /// All of them. The entries of these stores have other names too.
    fn show(mut self, store: &Path) -> String {
        self.volatile.extend(accounts(store).into_iter().map(|name| (name, "LOCAL")));
        let volatile: Vec<_> = self.volatile.iter().map(|(what, name)| (what.as_str(), *name)).collect();
        // A blanked cell and a cell that was never written look alike. Timing decides which of the two it is, so that both are cut off.
        let page = |(name, screen): &(_, String)| format!("== {name}\n{}", fixed(screen, &volatile));
        let pages = self.pages.iter().map(page).collect::<Vec<_>>().join("\n\n");
        pages.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }
}

/// The account id that is shown in groups.
fn account(screen: &str) -> Option<String> {
    let is_group = |group: &&str| group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    screen.lines().find_map(|line| {
        let groups: Vec<&str> = line.split(' ').filter(is_group).collect();
        (groups.len() == 10).then(|| groups.join(" "))
    })
}

/// Both are asked for their consent.
fn asked(folder: &Folder, password: Option<&Path>) -> (Person, Person) {
    let archive = folder.archive("archive", "64KiB", password);
    let importer = Person::import(USUAL, &folder.path("store"), &[]);
    let mut more = vec!["--", ""];
    let token = importer.token();
    more[1] = &token;
    let file = password.map(|file| ["--password-file", text(file)]);
    let more: Vec<&str> = file.iter().flatten().copied().chain(more).collect();
    let exporter = Person::export(USUAL, &archive, &importer.address(), &more);
    importer.sees("belongs to this account");
    exporter.sees("asks for the account");
    (importer, exporter)
}

/// Both end with these exit codes, and leave their terminals as they were.
fn both_end(importer: Person, exporter: Person, codes: (i32, i32)) -> (Left, Left) {
    let (importer, exporter) = (importer.end(), exporter.end());
    let ((import, on_new), (export, on_old)) = (importer.result(), exporter.result());
    assert_eq!((import, export), codes, "\n{on_new}\n{on_old}");
    (importer, exporter)
}

#[test]
fn an_account_is_linked_by_typing_the_token() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let store = folder.path("store");
    let importer = Person::import(USUAL, &store, &[]);
    let mut album = Album::of(&folder, &importer);
    album.add("import: the token", importer.sees("more."));
    let exporter = Person::export(USUAL, &archive, &importer.address(), &[]);
    album.add("export: it is asked for", exporter.sees("Next:"));
    // Pasted, with what a messenger or a shell puts around it: no letter of it is a key of a menu.
    exporter.presses(&format!("\x1b[200~ '{}'\n\x1b[201~", importer.token()));
    album.add("export: it is a token", exporter.sees("This is a token."));
    exporter.presses("\r");
    album.add("export: which device it is", exporter.sees("asks for the account"));
    album.add("import: whose account it is", importer.sees("belongs to this account"));
    importer.presses("y");
    album.add("import: the other device is waited for", importer.sees("You agreed"));
    exporter.presses("y");
    let (importer, exporter) = both_end(importer, exporter, (0, 0));
    album.add("import: the end", importer.screen);
    album.add("export: the end", exporter.screen);
    insta::assert_snapshot!(album.show(&store));
}

/// The picture of a terminal's screen, as an image.
fn save(importer: &Person, path: &Path) {
    importer.sees("jami-auth://");
    let (width, pixels) = importer.picture();
    image(path, width, &pixels);
}

#[test]
fn an_account_is_linked_by_an_image_of_the_screen() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let store = folder.path("store");
    let screenshot = folder.path("screen.png");
    let importer = Person::import(LARGE, &store, &[]);
    let mut album = Album::of(&folder, &importer);
    album.add("import: the token", importer.sees("more."));
    save(&importer, &screenshot);

    // One that is not there, first.
    let exporter = Person::export(USUAL, &archive, &importer.address(), &[]);
    exporter.sees("a PNG file");
    exporter.presses("nothing.png\r");
    album.add("export: there is no such image", exporter.sees("cannot be read"));
    // Pasted text does not end the line.
    exporter.presses(&format!("\x15\x1b[200~{}\n\x1b[201~", text(&screenshot)));
    exporter.sees_no_more("nothing.png\n");
    exporter.presses("\r");
    exporter.sees("asks for the account");
    importer.sees("belongs to this account");
    exporter.presses("y");
    importer.presses("y");
    both_end(importer, exporter, (0, 0));
    insta::assert_snapshot!(album.show(&store));
}

/// With colours or without, and named on the command line.
#[test]
fn the_screen_can_be_photographed_without_colours_too() {
    for colours in [true, false] {
        let folder = Folder::default();
        let archive = folder.archive("archive", "64KiB", None);
        let (store, screenshot) = (folder.path("store"), folder.path("screen.png"));
        let args = ["import", "--yes", "--key-type", "p256", "--store", text(&store)];
        let no_color = if colours { "" } else { "1" };
        let importer = Person::start_with(LARGE, args, &[("TERM", "xterm"), ("NO_COLOR", no_color)]);
        save(&importer, &screenshot);
        let exporter = Person::export(USUAL, &archive, &importer.address(), &["--yes", "--qr", text(&screenshot)]);
        let (importer, _) = both_end(importer, exporter, (0, 0));
        assert_eq!(importer.has_shown("8;5;"), colours, "colours are used where they may be, and only there");
    }
}

/// No byte of what is typed comes back, of a password that is wrong or of one that is right, on either side.
#[test]
fn a_wrong_password_can_be_typed_again_and_none_is_ever_shown() {
    const RIGHT: &str = "{~}&$";
    const WRONG: &str = "{~}&";
    let folder = Folder::default();
    let store = folder.path("store");
    let file = folder.file("right", RIGHT);
    let archive = folder.archive("archive", "64KiB", Some(&file));
    let importer = Person::import(USUAL, &store, &[]);
    let mut album = Album::of(&folder, &importer);

    let exporter = Person::export(USUAL, &archive, &importer.address(), &["--", &importer.token()]);
    album.add("export: the archive's password", exporter.sees("The password of"));
    exporter.presses(WRONG);
    exporter.sees("> ****");
    exporter.presses("\r");
    album.add("export: a wrong one", exporter.sees("Wrong password"));
    exporter.presses(RIGHT);
    exporter.sees("> *****");
    exporter.presses("\r");
    exporter.sees("asks for the account");
    exporter.presses("y");
    album.add("export: the new device is waited for", exporter.sees("You confirmed it."));

    importer.sees("belongs to this account");
    importer.presses("y");
    album.add("import: its password", importer.sees("Its password:"));
    importer.presses(WRONG);
    album.add("import: it is typed", importer.sees("> ****"));
    importer.presses("\r");
    album.add("import: a wrong one", importer.sees("2 tries are left"));
    importer.presses(&format!("{RIGHT}\x7f\x7f&$"));
    importer.sees("> *****");
    importer.presses("\r");

    let (importer, exporter) = both_end(importer, exporter, (0, 0));
    for char in RIGHT.chars() {
        let char = char.to_string();
        assert!(!importer.has_shown(&char) && !exporter.has_shown(&char), "{char} was shown");
    }
    insta::assert_snapshot!(album.show(&store));
}

#[test]
fn three_wrong_passwords_end_both_sides() {
    let folder = Folder::default();
    let (importer, exporter) = asked(&folder, Some(&folder.file("right", "secret")));
    exporter.presses("y");
    importer.presses("y");
    for left in ["Its password:", "2 tries are left", "One try is left"] {
        importer.sees(left);
        importer.presses("no\r");
    }
    let (importer, exporter) = both_end(importer, exporter, (12, 12));
    assert!(importer.screen.contains("No right password was given"), "{}", importer.screen);
    assert!(exporter.screen.contains("gave no right password"), "{}", exporter.screen);
    assert!(accounts(&folder.path("store")).is_empty());
}

#[test]
fn a_token_that_is_none_is_pointed_at_while_it_is_typed() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let exporter = Person::export(USUAL, &archive, "127.0.0.1:9", &[]);
    exporter.sees("Next:");
    let mut album = Album::default();
    exporter.presses("jami-auth://02f92cb0X4a7");
    // Keys that come together may be read in parts: the last one decides.
    album.add("a wrong digit", exporter.sees("02f92cb0X4a7"));
    // It is not taken, and can be mended where it is wrong.
    exporter.presses("\r\x1b[D\x1b[D\x1b[D\x7f3\x1b[F");
    album.add("mended", exporter.sees("02f92cb034a7"));
    exporter.presses("\x15jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456789");
    album.add("too long", exporter.sees("/123456789"));
    exporter.presses("\x7f\x7f\x7f");
    exporter.sees("This is a token.");
    exporter.presses(CTRL_C);
    let exporter = exporter.end();
    assert_eq!(exporter.result().0, 13);
    album.add("the end", exporter.screen);
    let pages: Vec<String> = album.pages.iter().map(|(name, screen)| format!("== {name}\n{screen}")).collect();
    insta::assert_snapshot!(pages.join("\n\n"));
}

/// Of either side, before the other one knows of it.
#[test]
fn who_waits_alone_can_leave() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    for key in [ESC, CTRL_C] {
        let importer = Person::import(USUAL, &folder.path("store"), &[]);
        importer.sees("more.");
        importer.presses(key);
        let importer = importer.end();
        assert_eq!(importer.result().0, 13);
        assert!(importer.screen.contains("Canceled on this device. Nothing was imported."), "{}", importer.screen);
    }
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = silent.local_addr().unwrap().to_string();
    // Which keys lead to a screen, what is seen there, and which key leaves it.
    let typing = [("", "Next:", CTRL_C), ("code.png", "the path of an image", CTRL_C), ("", "Next:", ESC)];
    let connects = format!("{TOKEN}\r");
    let connecting = [(&*connects, "is being connected to", ESC), (&connects, "is being connected to", CTRL_C)];
    for (keys, seen, leaves) in typing.into_iter().chain(connecting) {
        let exporter = Person::export(USUAL, &archive, &peer, &[]);
        exporter.sees("a PNG file");
        exporter.presses(keys);
        exporter.sees(seen);
        exporter.presses(leaves);
        let exporter = exporter.end();
        assert_eq!(exporter.result().0, 13, "{}", exporter.screen);
        assert!(exporter.screen.contains("Canceled on this device. Nothing was sent."), "{}", exporter.screen);
    }
}

/// If either user leaves, the other side ends too, and nothing is imported.
#[test]
fn who_leaves_while_both_are_asked_ends_both() {
    // Keys of each side before, what is seen then where somebody leaves, whether that is the new device, and how.
    let cases = [
        ("", "", "belongs to this account", true, "n"),
        ("", "", "belongs to this account", true, ESC),
        ("", "", "belongs to this account", true, CTRL_C),
        ("y", "", "Its password:", true, ESC),
        ("y", "", "Its password:", true, CTRL_C),
        ("y", "", "You agreed", true, ESC),
        ("y", "", "You agreed", true, CTRL_C),
        ("", "", "asks for the account", false, "n"),
        ("", "", "asks for the account", false, ESC),
        ("", "", "asks for the account", false, CTRL_C),
        ("", "y", "You confirmed it", false, ESC),
        ("", "y", "You confirmed it", false, CTRL_C),
    ];
    for (import_keys, export_keys, seen, import_side, key) in cases {
        let folder = Folder::default();
        let password = (seen == "Its password:").then(|| folder.file("right", "secret"));
        let (importer, exporter) = asked(&folder, password.as_deref());
        importer.presses(import_keys);
        exporter.presses(export_keys);
        let leaves = if import_side { &importer } else { &exporter };
        leaves.sees(seen);
        leaves.presses(key);
        let (importer, exporter) = both_end(importer, exporter, (13, 13));
        // Each learns which device canceled.
        let (import, export) = match import_side {
            true => ("Canceled on this device. Nothing was imported.", "The new device canceled. Nothing was sent."),
            false => ("The other device canceled. Nothing was imported.", "Canceled on this device. Nothing was sent."),
        };
        assert!(importer.screen.contains(import), "{}", importer.screen);
        assert!(exporter.screen.contains(export), "{}", exporter.screen);
        assert!(accounts(&folder.path("store")).is_empty());
    }
}

/// Both sides transfer an archive, of which the second half does not arrive.
fn transferring(folder: &Folder) -> (Person, Person) {
    let archive = folder.archive("archive", "1MiB", None);
    let importer = Person::import(USUAL, &folder.path("store"), &["--yes"]);
    let to = importer.address().parse().unwrap();
    let half_way = Relay::new(to, 512 * 1024).address.to_string();
    let exporter = Person::export(USUAL, &archive, &half_way, &["--yes", "--", &importer.token()]);
    importer.sees(" of 1.0 MiB, ");
    exporter.sees("is being sent");
    (importer, exporter)
}

#[test]
fn an_import_is_left_while_the_archive_is_received() {
    for key in [ESC, CTRL_C] {
        let folder = Folder::default();
        let (importer, exporter) = transferring(&folder);
        importer.presses(key);
        let (_, exporter) = both_end(importer, exporter, (13, 13));
        assert!(exporter.screen.contains("A part of the account, or all of it, had been sent"), "{}", exporter.screen);
        assert!(accounts(&folder.path("store")).is_empty());
    }
}

/// R-CLI-5: where leaving is refused, the screen says that it goes on.
#[test]
fn an_export_is_not_left_while_the_archive_is_sent_but_dropped() {
    for key in [ESC, CTRL_C] {
        let folder = Folder::default();
        let (importer, exporter) = transferring(&folder);
        exporter.presses(key);
        let screen = exporter.sees("It is too late to cancel: the link goes on.");
        assert!(screen.contains("Ctrl-C: drop the link") && !screen.contains("Esc"), "{screen}");
        // Once more with Esc changes nothing: the next key is read as well.
        exporter.presses(ESC);
        exporter.presses(CTRL_C);
        let (importer, exporter) = both_end(importer, exporter, (10, 10));
        assert!(exporter.screen.contains("The link is dropped."), "{}", exporter.screen);
        assert!(importer.screen.contains("The link to the other device was lost"), "{}", importer.screen);
    }
}

/// A signal that stops a service cancels too, and leaves the terminal as it was.
#[test]
fn a_signal_cancels_and_leaves_the_terminal_as_it_was() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let folder = Folder::default();
        let importer = Person::import(USUAL, &folder.path("store"), &[]);
        importer.sees("more.");
        importer.signals(signal);
        assert_eq!(importer.end().result().0, 13);
    }
}

/// A failure before there is a link is printed on the terminal as it was.
#[test]
fn a_failure_is_printed_where_it_stays() {
    let folder = Folder::default();
    let archive = folder.file("archive", "this is none");
    let exporter = Person::export(USUAL, &archive, "127.0.0.1:9", &["--", TOKEN]).end();
    let (code, screen) = exporter.result();
    assert!(code == 15 && screen.contains("not an account archive"), "{code}: {screen}");

    let archive = folder.archive("good", "64KiB", None);
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let exporter = Person::export(USUAL, &archive, &unused, &["--", TOKEN]).end();
    let (code, screen) = exporter.result();
    assert!(
        code == 10
            && screen.contains(": nothing listens there; check the address")
            && screen.contains("Nothing listens at the address"),
        "{code}: {screen}"
    );
}

/// A screen is drawn anew at each size, with what fits.
#[test]
fn a_window_can_be_made_another_one() {
    let folder = Folder::default();
    let importer = Person::import(USUAL, &folder.path("store"), &[]);
    let screen = importer.sees("Its QR code needs");
    assert!(!screen.contains('█'), "{screen}");
    importer.resizes(LARGE);
    let screen = importer.sees("█");
    assert!(screen.contains("jami-auth://") && screen.contains("more."), "{screen}");
    importer.resizes((41, 12));
    let screen = importer.sees_no_more("█");
    assert!(screen.contains("Esc or Ctrl-C: cancel"), "{screen}");
    importer.resizes((3, 1));
    importer.resizes(USUAL);
    importer.sees("Its QR code needs");
    importer.presses(ESC);
    assert_eq!(importer.end().result().0, 13);
}

/// The terminal knows the rows of a long token as one line, which it copies whole.
#[test]
fn a_long_token_is_one_line() {
    let folder = Folder::default();
    let importer = Person::import(USUAL, &folder.path("store"), &["--profile", "jamid"]);
    assert_eq!(importer.token().len(), 83);
    importer.sees_joined("jami-auth://");
    // Also where it was drawn before.
    importer.resizes((70, 24));
    importer.sees_joined("jami-auth://");
    importer.presses(CTRL_C);
    assert_eq!(importer.end().result().0, 13);
}

/// A terminal that cannot be drawn on, or has no room, gets plain lines that say the same.
#[test]
fn a_dumb_or_small_terminal_gets_plain_lines() {
    for (size, term) in [(USUAL, "dumb"), (USUAL, ""), ((50, 24), "xterm"), ((80, 10), "xterm")] {
        let folder = Folder::default();
        let archive = folder.archive("archive", "64KiB", None);
        let store = folder.path("store");
        let args = ["import", "--key-type", "p256", "--store", text(&store)];
        let importer = Person::start_with(size, args, &[("TERM", term)]);
        let listening = importer.sees("listening  ");
        let screen = importer.sees("On the device");
        let token: String = screen.split_whitespace().find(|word| word.starts_with("jami-auth://")).unwrap().into();
        let address = listening.split("listening  ").nth(1).unwrap().split_whitespace().next().unwrap();
        let args = ["export", "--archive", text(&archive), "--peer", address];
        let exporter = Person::start_with(size, args, &[("TERM", term)]);
        exporter.sees("(a PNG file):");
        exporter.presses("jami-auth://x\n");
        exporter.sees("^");
        exporter.sees("hexadecimal digit");
        // Text that is typed before the question is asked again would be forgotten.
        exporter.sees("^\nThe token");
        exporter.presses(&format!(" '{token}' \n"));
        exporter.sees("[y/N]");
        exporter.presses("y\n");
        importer.sees("[y/N]");
        importer.presses("y\n");
        let (importer, exporter) = both_end(importer, exporter, (0, 0));
        assert!(!importer.has_shown("\x1b[?1049h") && !exporter.has_shown("\x1b[?1049h"));
    }
}

/// Plain lines show nothing that is typed before it is asked for, and take none of it as an answer. They give as many tries, in the
/// same words, as a drawn screen.
#[test]
fn plain_lines_are_the_same_client() {
    const DUMB: &[(&str, &str)] = &[("TERM", "dumb")];
    let folder = Folder::default();
    let right = folder.file("right", "secret");
    let archive = folder.archive("archive", "64KiB", Some(&right));
    let store = folder.path("store");
    let importer = Person::start_with(USUAL, ["import", "--key-type", "p256", "--store", text(&store)], DUMB);
    let screen = importer.sees("On the device");
    let token: String = screen.split_whitespace().find(|word| word.starts_with("jami-auth://")).unwrap().into();
    // Typed too early.
    importer.presses("y\nsecret\n");
    let address = importer.address();
    let args = ["export", "--archive", text(&archive), "--peer", &address, &token];
    let exporter = Person::start_with(USUAL, args, DUMB);
    // The archive's own password, as often as it is wrong.
    for _ in 0..4 {
        // An answer that is typed before its question is forgotten.
        exporter.sees_again("Password of ");
        exporter.presses("wrong\n");
        exporter.sees("is being opened.");
        exporter.sees("Wrong password, or the file is damaged");
    }
    exporter.sees_again("Password of ");
    exporter.presses("secret\n");
    exporter.sees("[y/N]");
    exporter.presses("y\n");
    exporter.sees("You confirmed it.");
    importer.sees("[y/N]");
    importer.presses("y\n");
    for left in ["2 tries are left.", "One try is left."] {
        importer.sees_again("Password of the account:");
        importer.presses("wrong\n");
        importer.sees("is trying the password…");
        importer.sees(left);
    }
    importer.sees_again("Password of the account:");
    importer.presses("secret\n");
    let (importer, exporter) = both_end(importer, exporter, (0, 0));
    for side in [&importer, &exporter] {
        assert!(!side.has_shown("secret") && !side.has_shown("wrong"), "a password is shown:\n{}", side.screen);
    }
}

/// A person may type the token that `-` reads, as a line.
#[test]
fn a_token_on_standard_input_is_a_line() {
    let folder = Folder::default();
    let archive = folder.archive("archive", "64KiB", None);
    let importer = Person::import(USUAL, &folder.path("store"), &["--yes"]);
    let exporter = Person::export(USUAL, &archive, &importer.address(), &["--yes", "-"]);
    exporter.presses(&format!("{}\n", importer.token()));
    let (importer, exporter) = both_end(importer, exporter, (0, 0));
    assert!(importer.has_shown("\x1b[?1049h") && !exporter.has_shown("\x1b[?1049h"));
}
