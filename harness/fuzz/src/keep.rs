//! What was caught, as a file that people read.

use conformance::emit;
use conformance::library::Library;
use conformance::scenario::Scenario;

use crate::generate;
use crate::hunt::{By, Catch};

/// The label of every scenario that is kept.
pub const TAG: &str = "found-by-fuzzing";

/// The label that names the rule a kept scenario broke, such as `breaks-i14`.
const BREAKS: &str = "breaks-";

/// A shrunk scenario as it is kept: the sentence of the rule as its title, and above it where it
/// comes from and how to play it.
pub fn kept(
    shrunk: Scenario,
    catch: &Catch,
    profile: &str,
    seed: u64,
    library: &Library,
) -> Scenario {
    let name = name(catch, profile, seed);
    let path = format!("{name}.yaml");
    let mut remarks = vec![
        format!(
            "Found by `kickout fuzz --profile {profile} --seed {seed} --cases 1` (generator {}), then shrunk.",
            generate::VERSION
        ),
        format!("What was noticed: {}", catch.say()),
    ];
    let rows = catch
        .rows
        .iter()
        .filter_map(|row| library.catalogue.get(row));
    remarks.extend(rows.map(|row| format!("  {}: {} ({})", row.id, row.statement, row.strength)));
    remarks.push(format!("Play it: kickout replay {path}"));
    let scenario = Scenario {
        name: name.clone(),
        title: title(&catch.sentence(library)),
        tags: vec![TAG.to_owned(), format!("{BREAKS}{}", label(catch))],
        ..shrunk
    };
    emit::scenario(scenario, &path, &remarks)
}

/// The rule that a kept scenario broke when it was found.
pub fn broke(scenario: &Scenario) -> Option<&str> {
    scenario
        .tags
        .iter()
        .find_map(|tag| tag.strip_prefix(BREAKS))
}

/// What a catch is called among the labels.
pub fn label(catch: &Catch) -> String {
    match &catch.by {
        By::Rule(rule) => rule.to_ascii_lowercase(),
        By::Limit => "limit".into(),
        By::Broke(_) => "harness".into(),
        By::Subject(_) => "subject".into(),
    }
}

/// The name of the file without its ending; two catches of one case have two names.
fn name(catch: &Catch, profile: &str, seed: u64) -> String {
    let profile: String = profile
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let row = catch
        .rows
        .first()
        .map(|row| format!("_{}", row.to_ascii_lowercase()));
    format!(
        "{}{}_{profile}_{seed}",
        label(catch),
        row.unwrap_or_default()
    )
}

/// A sentence as a title: without the full stop, and not too long.
fn title(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    let longest = conformance::grammar::LONGEST_LINE;
    let mut end = sentence.len().min(longest);
    while !sentence.is_char_boundary(end) {
        end -= 1;
    }
    sentence[..end].to_owned()
}
