//! Vendors are data: no identifier and no string literal of the program names one.

use crate::files;

/// Pieces of vendors' and products' names, in small letters.
const NAMES: &[&str] = &[
    "zego", "zim", "tencent", "v2tim", "tim-", "express", "agora", "easemob",
];

#[test]
fn no_code_names_a_vendor() {
    let mut named = Vec::new();
    for source in files("harness", ".rs") {
        let in_tests = ["/tests/", "/tests.rs", "/benches/"]
            .iter()
            .any(|place| source.path.contains(place));
        if in_tests {
            continue;
        }
        for (number, line) in code_lines(&source.text) {
            let small = line.to_lowercase();
            if let Some(name) = NAMES.iter().find(|name| small.contains(*name)) {
                named.push(format!("{}:{number}: {name}: {}", source.path, line.trim()));
            }
        }
    }
    assert!(named.is_empty(), "{}", named.join("\n"));
}

/// The lines that are neither comments nor the unit tests at the end of a file.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, String)> {
    text.lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .enumerate()
        .map(|(n, line)| (n + 1, without_comment(line)))
        .filter(|(_, line)| !line.trim().is_empty())
}

fn without_comment(line: &str) -> String {
    // A `//` inside a string literal would hide the rest of the line from this test, so such
    // lines are kept whole.
    match line.find("//") {
        Some(at) if !line[..at].contains('"') => line[..at].to_owned(),
        _ => line.to_owned(),
    }
}

#[test]
fn the_check_can_fail() {
    let sample = "/// ZIM-041 is fine in a comment.\nlet zegoCode = 1;\n#[cfg(test)]\nzego";
    let lines: Vec<String> = code_lines(sample).map(|(_, line)| line).collect();
    assert_eq!(lines, ["let zegoCode = 1;"]);
}
