//! `list` and `schema`.

use std::fmt::Write as _;

use conformance::plan;
use conformance::schema;

use crate::args::{ListOptions, SchemaOf, SchemaOptions};
use crate::exit::{Exit, Trouble};
use crate::{print, suite};

/// `kickout list`
///
/// # Errors
/// Files that are no good, or nothing selected.
pub fn list(options: &ListOptions) -> Result<Exit, Trouble> {
    let library = suite::library(&options.selection)?;
    let profiles = suite::profiles(&options.selection, &library)?;
    let members = suite::scenarios(&options.selection, &library)?;
    let mut text = String::new();
    for member in &members {
        let scenario = &member.scenario;
        let _ = writeln!(text, "{}\n    {}", scenario.name, scenario.title);
        for profile in &profiles {
            let why = match plan::not_applicable(scenario, profile) {
                None => "applies".to_owned(),
                Some(why) => format!("not applicable: {why}"),
            };
            let _ = writeln!(text, "    {}: {why}", profile.id);
        }
    }
    print(&text)?;
    Ok(Exit::Success)
}

/// `kickout schema`
///
/// # Errors
/// Standard output cannot be written.
pub fn schema(options: &SchemaOptions) -> Result<Exit, Trouble> {
    let schema = match options.of {
        SchemaOf::Scenarios => schema::json_schema(),
        SchemaOf::Results => report::ndjson::schema(),
    };
    print(&format!("{schema:#}\n"))?;
    Ok(Exit::Success)
}
