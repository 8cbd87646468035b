//! The check of the target `token` over its corpus, with the allocations counted: there is none (R-TOK-3).

use std::{fs, path::Path};

use allocation_counter::measure;
use handfast::token::Token;
use handfast_harness::token::check;

#[test]
fn no_token_of_the_corpus_allocates() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/token");
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let text = fs::read(&file).unwrap();
        assert_eq!(measure(|| check(&text)).count_total, 0, "{}", file.display());
    }
    // The counter counts what it has to.
    let text = "jami-auth://02f92cb034a73275b5a23074abfa84a20a4f340b/123456";
    assert_ne!(measure(|| drop(Token::parse(text.as_bytes()).unwrap().text().to_string())).count_total, 0);
}
