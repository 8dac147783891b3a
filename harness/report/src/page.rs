//! Pages to look things up in: one file that opens from disk and asks no network for anything.
//!
//! - this file: the frame that all pages share, and data packed into it
//! - [`rows`]: a transcript as the page draws it
//!
//! What is always shown is written by [`maud`], which escapes every text. What is shown when
//! somebody opens a case lies in the page as compressed JSON, and `page/script.js` puts it there as
//! text; neither way can a name become markup.

pub mod rows;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// Beyond this level the file gets hardly smaller, and much slower to write.
const LEVEL: u8 = 8;

/// Which kind of page it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What became of cases.
    Results,
    /// Profiles side by side.
    Comparison,
}

/// One part of a page, with a link to it in the bar.
pub struct Part {
    /// Its anchor.
    pub id: &'static str,
    /// What the link says.
    pub label: String,
    /// What it shows.
    pub body: Markup,
}

/// The whole page.
pub fn render(
    kind: Kind,
    title: &str,
    summary: &Markup,
    parts: &[Part],
    packed: &[Packed],
) -> String {
    let kind = match kind {
        Kind::Results => "results",
        Kind::Comparison => "comparison",
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body data-kind=(kind) {
                header {
                    h1 { (title) }
                    (summary)
                    div.bar {
                        nav { @for part in parts { a href={ "#" (part.id) } { (part.label) } } }
                        input #filter type="search" placeholder="filter: words of a title, a name, a number" aria-label="filter";
                        span #count.soft {}
                        span."keys"."soft" {
                            kbd { "/" } " filter " kbd { "j" } " " kbd { "k" } " next, previous " kbd { "Enter" } " open "
                            kbd { "←" } " " kbd { "→" } " other profile " kbd { "Esc" } " close"
                        }
                    }
                    noscript { p { "This page unpacks its cases with a script; without one it shows the tables only." } }
                }
                main {
                    @for part in parts { section.page id=(part.id) { (part.body) } }
                    section #detail hidden aria-live="polite" {}
                }
                @for packed in packed {
                    script.packed type="text/plain" data-scenario=(packed.scenario) { (PreEscaped(&packed.data)) }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

/// What is shown of a scenario when somebody opens it.
pub struct Packed {
    scenario: String,
    /// Base64, so nothing in it can end the element it stands in.
    data: String,
}

impl Packed {
    /// Packs it.
    pub fn new(scenario: &str, data: &impl Serialize) -> Packed {
        // Structs, words and string keys only: serialising them cannot fail.
        let json = serde_json::to_vec(data).expect("what a page shows is plain data");
        let small = miniz_oxide::deflate::compress_to_vec_zlib(&json, LEVEL);
        Packed {
            scenario: scenario.to_owned(),
            data: STANDARD.encode(small),
        }
    }
}
