//! The layout of snapshot files: insta's, so that `cargo insta review` works on them. The program
//! reads and writes it itself.

/// A snapshot file with this body. `input_file` is the scenario it belongs to.
pub fn write(input_file: &str, body: &str) -> String {
    format!(
        "---\nsource: fixtures/scenarios.rs\ninput_file: {input_file}\n---\n{}\n",
        body.trim_end()
    )
}

/// The body of a snapshot file; `None` when it has no header.
pub fn body(text: &str) -> Option<&str> {
    let text = text.strip_prefix("---\n")?;
    let (_, body) = text.split_once("\n---\n")?;
    Some(body.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_survives_whatever_is_in_it() {
        let inner = "one\n---\n\ntwo";
        assert_eq!(body(&write("a.yaml", inner)), Some(inner));
        assert_eq!(body("no header"), None);
    }
}
