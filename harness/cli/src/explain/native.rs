//! Words, and the vendors' codes and names for them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use conformance::profile::Profile;
use session::words::{Api, ErrorWord, Event, Reason, State};

use super::{Known, MOST_NAMED};

impl Known<'_> {
    /// What a word, a code or a name of a vendor means, profile by profile.
    pub(super) fn native(&self, what: &str) -> Option<String> {
        if what.is_empty() {
            return None;
        }
        let mut text = String::new();
        let mut words: Vec<(&str, &str)> = Vec::new();
        words.extend(what.parse().ok().map(|w: Event| (Event::KIND, w.means())));
        words.extend(what.parse().ok().map(|w: State| (State::KIND, w.means())));
        words.extend(what.parse().ok().map(|w: Reason| (Reason::KIND, w.means())));
        words.extend(what.parse().ok().map(|w: Api| (Api::KIND, w.means())));
        words.extend(
            what.parse()
                .ok()
                .map(|w: ErrorWord| (ErrorWord::KIND, w.means())),
        );
        for (kind, means) in &words {
            let _ = writeln!(text, "{what}  {kind}: {means}");
        }
        let mut any = !words.is_empty();
        if !any {
            let _ = writeln!(text, "{what}  code or name of a vendor");
        }
        for profile in self.library.profiles.runnable() {
            let terms = terms(profile);
            let meant = terms.iter().filter(|term| term.is_called(what));
            for line in meant.map(Term::say).collect::<BTreeSet<_>>() {
                any = true;
                let _ = writeln!(text, "    {}: {line}", profile.id);
            }
            let is_event = what
                .parse()
                .is_ok_and(|event: Event| profile.native(event).is_none());
            if is_event {
                let _ = writeln!(text, "    {}: not an event of this product", profile.id);
            }
        }
        if !any {
            return None;
        }
        self.said_by(what, &mut text);
        Some(text)
    }

    pub(super) fn native_names(&self) -> BTreeSet<String> {
        let profiles = self.library.profiles.runnable();
        let terms = profiles.flat_map(terms);
        terms
            .flat_map(|term| [term.word, term.native])
            .chain(words())
            .collect()
    }

    /// The steps that say it and decide something.
    fn said_by(&self, what: &str, text: &mut String) {
        let mut many = 0;
        for scenario in &self.scenarios {
            for step in scenario.written() {
                if step.covers.is_empty() || !step.says(what) {
                    continue;
                }
                many += 1;
                if many <= MOST_NAMED {
                    let (name, rows) = (&scenario.name, step.covers.join(", "));
                    let _ = writeln!(text, "said by {name}, line {}: {rows}", step.line);
                }
            }
        }
        if many > MOST_NAMED {
            let _ = writeln!(text, "and by {} more steps", many - MOST_NAMED);
        }
    }
}

fn words() -> impl Iterator<Item = String> {
    let events = Event::ALL.iter().map(|word| word.word());
    let states = State::ALL.iter().map(|word| word.word());
    let reasons = Reason::ALL.iter().map(|word| word.word());
    let calls = Api::ALL.iter().map(|word| word.word());
    let errors = ErrorWord::ALL.iter().map(|word| word.word());
    let all = events
        .chain(states)
        .chain(reasons)
        .chain(calls)
        .chain(errors);
    all.map(str::to_owned)
}

/// A vendor's term for a word.
struct Term {
    word: String,
    native: String,
    /// Another name of the same thing, where there is one.
    name: Option<String>,
    /// All of it.
    said: String,
}

impl Term {
    fn is_called(&self, what: &str) -> bool {
        self.word == what || self.native == what || self.name.as_deref() == Some(what)
    }

    fn say(&self) -> String {
        format!("{} = {}", self.word, self.said)
    }
}

/// Every term of a profile.
fn terms(profile: &Profile) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut add = |word: &str, native: String, name: Option<String>, said: String| {
        terms.push(Term {
            word: word.to_owned(),
            native,
            name,
            said,
        });
    };
    for (api, native) in &profile.calls {
        add(api.word(), native.clone(), None, format!("call {native}"));
    }
    for (state, native) in &profile.states {
        let value = native.value.map(|value| value.to_string());
        let said = match &value {
            Some(value) => format!("state {} ({value})", native.name),
            None => format!("state {}", native.name),
        };
        add(state.word(), native.name.clone(), value, said);
    }
    for (error, native) in &profile.errors {
        let name = native.name.clone();
        let shown = name.as_deref().unwrap_or("no name");
        let said = format!("error {} ({shown}): {}", native.code, error.means());
        add(error.word(), native.code.to_string(), name, said);
        for (call, code) in &native.by_call {
            let said = format!("error {code} after {call}: {}", error.means());
            add(error.word(), code.to_string(), None, said);
        }
    }
    for (event, native) in &profile.events {
        let callback = native.callback.clone().unwrap_or_default();
        let args: Vec<String> = native
            .args
            .iter()
            .map(|(name, value)| super::setting(name, value))
            .collect();
        let said = match callback.is_empty() {
            true => "no callback; told by the result of the call".to_owned(),
            false => format!("callback {callback}({})", args.join(", ")),
        };
        add(event.word(), callback.clone(), None, said);
        for (reason, code) in &native.codes {
            let said = format!("{code} with {event}, by {callback}: {}", reason.means());
            add(reason.word(), code.to_string(), None, said);
        }
        for (by, name) in &native.reasons {
            let said = format!("{name} with {event}, by {callback}: {}", by.reason.means());
            add(by.reason.word(), name.clone(), None, said);
        }
    }
    terms
}
