//! The reference page is what the code makes of its table.

use conformance::language;

use crate::root;

#[test]
fn the_language_page_is_up_to_date() {
    let path = root().join("scenarios/LANGUAGE.md");
    let page = language::page();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let first = kept.lines().zip(page.lines()).position(|(a, b)| a != b);
    assert!(
        kept == page,
        "scenarios/LANGUAGE.md differs from line {}; make it anew with \
         `BLESS=1 cargo test -p conformance language`",
        first.map_or(1, |at| at + 1)
    );
}
