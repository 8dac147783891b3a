use super::*;

fn library() -> Library {
    suite::library(&crate::args::Selection::default()).expect("the built-in files")
}

fn read(text: &str) -> Result<List, Vec<Diagnostic>> {
    let source = Source {
        path: "known.yaml".into(),
        text: text.into(),
    };
    List::of(&source, &library())
}

#[test]
fn an_entry_says_where_it_stands() {
    let list = read(
        "# ours\nfailures:\n  - scenario: kick/*\n    profile: zego-zim\n    \
         fails: { rows: [ZIM-041, I2], rule: I2, kind: rule-violated }\n    reason: ticket 7\n",
    )
    .expect("it is good");
    let known = &list.entries[0].known;
    assert_eq!(
        (known.line, known.text.as_str()),
        (3, "  - scenario: kick/*")
    );
    assert_eq!(known.check, "*");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let wrong = read(
        "failures:\n  - scenario: 'kick/['\n    reason: ''\n  - scenario: a\n    reason: b\n    \
         fails: { rows: [ZIM-999], rule: I99 }\n",
    )
    .expect_err("it is no good");
    let codes: Vec<&str> = wrong.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(
        codes,
        [
            "no-reason",
            "wrong-pattern",
            "unknown-requirement",
            "unknown-rule"
        ]
    );
    assert!(wrong.iter().all(|diagnostic| diagnostic.span.is_some()));
    for (text, code) in [
        ("failures:\n  - reason: x\n", "missing-key"),
        (
            "failures:\n  - { scenario: a, reason: x, why: y }\n",
            "unknown-key",
        ),
        (
            "failures:\n  - { scenario: a, reason: x, fails: { kind: dreamt } }\n",
            "wrong-value",
        ),
        ("failure: []\n", "unknown-key"),
    ] {
        let wrong = read(text).expect_err(text);
        assert_eq!(wrong[0].code, code, "{text}");
    }
}

#[test]
fn an_empty_file_is_told_what_it_lacks() {
    let wrong = read("# nothing yet\n").expect_err("there is nothing in it");
    assert!(wrong[0].message.contains("`failures:`"), "{wrong:?}");
}
