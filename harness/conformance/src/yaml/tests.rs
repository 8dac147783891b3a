use super::*;

#[test]
fn values_are_read_as_they_are_meant() {
    let root = read_text(
        "a: 5\nb: 012\nc: 1.5\nd: true\ne: yes\nf: ~\ng:\nh: .inf\ni: '5'\nj: 99999999999999999999\n",
    );
    let value = |key: &str| root.get(key).unwrap().value.clone();
    assert_eq!(value("a"), Value::Int(5));
    assert_eq!(value("c"), Value::Float(1.5));
    assert_eq!(value("d"), Value::Bool(true));
    assert_eq!(value("e"), Value::Text("yes".into()));
    assert_eq!(value("f"), Value::Null);
    assert_eq!(value("g"), Value::Null);
    assert_eq!(value("h"), Value::Text(".inf".into()));
    assert_eq!(value("i"), Value::Text("5".into()));
    let text = |key: &str| root.get(key).unwrap().text().map(str::to_owned);
    assert_eq!(text("a").as_deref(), Some("5"));
    assert_eq!(text("b").as_deref(), Some("012"));
    assert_eq!(text("j").as_deref(), Some("99999999999999999999"));
    assert_eq!(text("d"), None);
    assert_eq!(text("f"), None);
}

#[test]
fn every_node_knows_its_place() {
    let text = "爱: { b: [1, \"two\"], c: {} } # d\nblock:\n  - first\n  -\n    key: |\n      several\n      lines\nempty:\n";
    let root = read_text(text);
    let slice = |path: &[&str]| {
        let span = root.at_path(path).unwrap().span;
        &text[span.start..span.end]
    };
    assert_eq!(slice(&[]), "爱");
    assert_eq!(slice(&["爱"]), "{ b: [1, \"two\"], c: {} }");
    assert_eq!(slice(&["爱", "b"]), "[1, \"two\"]");
    assert_eq!(slice(&["爱", "b", "1"]), "\"two\"");
    assert_eq!(slice(&["爱", "c"]), "{}");
    assert_eq!(slice(&["block"]), "-");
    assert_eq!(slice(&["block", "0"]), "first");
    assert_eq!(slice(&["block", "1"]), "key");
    assert_eq!(slice(&["block", "1", "key"]), "several");
    assert_eq!(slice(&["empty"]), "");
    assert!(root.at_path(&["block", "2"]).is_none());
    assert!(root.at_path(&["block", "x"]).is_none());
    assert!(root.at_path(&["empty", "x"]).is_none());
}

#[test]
fn an_alias_has_the_place_of_its_anchor_and_knows_its_own() {
    let text = "a: &x { p: 1 }\nb: *x\n";
    let root = read_text(text);
    let node = root.get("b").unwrap();
    assert_eq!(&text[node.span.start..node.span.end], "{ p: 1 }");
    let used = node.used.unwrap();
    assert_eq!(&text[used.start..used.end], "*x");
    assert_eq!(root.get("a").unwrap().used, None);
}

#[test]
fn a_path_of_serde_leads_to_its_place() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        #[serde(rename = "parts")]
        _parts: Vec<Part>,
    }
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        #[serde(rename = "size")]
        _size: u8,
    }
    for (text, key, value) in [
        ("parts:\n  - size: 5\n  - size: many\n", "size", "many"),
        (
            "parts:\n  - size: 5\n  - { size: 6, colour: red }\n",
            "colour",
            "red",
        ),
    ] {
        let root = read_text(text);
        let error = serde_path_to_error::deserialize::<_, Thing>(root.to_json()).unwrap_err();
        let place = root.place_of(error.path());
        let slice = |span: Span| &text[span.start..span.end];
        assert_eq!(
            (slice(place.key.unwrap()), slice(place.value)),
            (key, value)
        );
    }
}

#[test]
fn json_is_the_same_value() {
    let root = read_text("a: [1, 2.5, x, true, ~, { b: 012 }]\n");
    assert_eq!(
        root.to_json(),
        serde_json::json!({ "a": [1, 2.5, "x", true, null, { "b": 12.0 }] })
    );
}

#[test]
fn size_is_looked_at_before_anything_else() {
    // Not UTF-8 either; at 100 MB nobody wants to know.
    let huge = vec![0xff; 100 * 1024 * 1024];
    assert_eq!(read("huge.yaml", huge).unwrap_err().code, "too-large");
    let source = Source {
        path: "large.yaml".into(),
        text: "[".repeat(LARGEST + 1),
    };
    assert_eq!(parse(&source).unwrap_err()[0].code, "too-large");
    let just = read("a.yaml", vec![b'#'; LARGEST]).unwrap();
    assert_eq!(parse(&just).unwrap().value, Value::Null);
}

#[test]
fn bad_bytes_are_found() {
    let error = read("a.yaml", b"a: 1\nb: \xff\n".to_vec()).unwrap_err();
    assert_eq!(error.code, "not-utf-8");
    assert!(
        error.message.contains("0xff at offset 8, in line 2"),
        "{}",
        error.message
    );
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    let source = read("a.yaml", b"\xef\xbb\xbfa: 1\r\n".to_vec()).unwrap();
    assert_eq!(source.text, "a: 1\r\n");
    let with_mark = read_text("\u{feff}a: 1\n\"b\": 2\n");
    assert_eq!(with_mark.get("b").unwrap().value, Value::Int(2));
}

#[test]
fn places_of_syntax_errors_survive_wide_characters() {
    for (text, at) in [
        ("a: \"爱😀\"\nb: @c\n", "@"),
        ("\u{feff}a: 爱\nb: @c\n", "@"),
        ("a: 爱\r\nb: @c\r\n", "@"),
        ("爱: 😀\n爱: 1\n", "爱"),
    ] {
        let source = Source {
            path: "a.yaml".into(),
            text: text.into(),
        };
        let span = parse(&source).unwrap_err()[0].span.unwrap();
        assert!(text[span.start..].starts_with(at), "{text:?} at {span:?}");
        assert!(source.position(span).0 == 2, "{text:?} at {span:?}");
    }
}

#[test]
fn bombs_are_refused() {
    let scalar = format!(
        "s: &s \"{}\"\nl:\n{}",
        "x".repeat(100_000),
        "  - *s\n".repeat(900)
    );
    for (text, code) in [
        (scalar, "too-much"),
        ("[".repeat(100_000), "too-deep"),
        ("{a: ".repeat(100_000), "too-deep"),
        ("? ".repeat(20_000), "too-deep"),
        ("- ".repeat(20_000), "too-deep"),
        ("[x, ".to_owned() + &"x, ".repeat(200_000) + "]", "too-much"),
        ("&a ".repeat(1_000), "yaml"),
        ("- &a x\n".repeat(2_000), "too-much"),
        ("--- \n".repeat(1_000), "second-document"),
    ] {
        let source = Source {
            path: "bomb.yaml".into(),
            text,
        };
        let error = parse(&source).unwrap_err().remove(0);
        let start: String = source.text.chars().take(20).collect();
        assert_eq!(error.code, code, "{start}: {}", error.message);
    }
}

fn read_text(text: &str) -> Node {
    parse(&Source {
        path: "a.yaml".into(),
        text: text.into(),
    })
    .unwrap()
}
