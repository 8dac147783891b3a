//! From step to step: what the order of the steps makes impossible.

use std::collections::BTreeMap;

use session::time::Millis;

use crate::diagnostic::{Diagnostic, shown};
use crate::scenario::{
    Act, Action, AppAct, Client, ClientIndex, Devices, Observation, ServerAct, Then, When,
};
use crate::source::Span;

use super::decode::Decoder;
use super::filled::ReadStep;

/// The longest a scenario may take, in virtual time. Nothing that vendors document takes longer
/// than a ticket's life of 24 days.
const LONGEST: Millis = Millis(30 * 24 * 3_600 * 1_000);

/// A step, and what it means if that is known.
pub(super) struct Moment<'a> {
    pub(super) step: &'a ReadStep,
    pub(super) action: Option<Action>,
    /// Which round of each `repeat` around it this is.
    pub(super) rounds: Vec<u32>,
}

/// Complains about everything the order of `moments` makes impossible.
pub(super) fn check(decoder: &mut Decoder<'_>, clients: &[Client], moments: &[Moment<'_>]) {
    let mut timeline = Timeline {
        decoder,
        clients,
        marks: BTreeMap::new(),
        started: BTreeMap::new(),
        apps: vec![Runs::Yes; clients.len()],
        server: Runs::Yes,
        acted: false,
        again: false,
        total: Millis::ZERO,
        is_too_long: false,
    };
    for (at, moment) in moments.iter().enumerate() {
        timeline.again = moment.rounds.iter().any(|round| *round > 1);
        match &moment.action {
            Some(action) => timeline.moment(moment.step, action, &moments[at + 1..]),
            None => timeline.not_understood(moment.step),
        }
    }
}

/// Does a process run?
#[derive(Clone, Copy)]
enum Runs {
    Yes,
    /// And where it ended.
    No(Span),
    /// And where it was frozen.
    StandsStill(Span),
    /// Nobody can tell after a step that was not understood.
    Perhaps,
}

/// The state of things before a step.
struct Timeline<'d, 'k> {
    decoder: &'d mut Decoder<'k>,
    clients: &'d [Client],
    /// Where each mark is set, and each started call named.
    marks: BTreeMap<String, Span>,
    started: BTreeMap<String, Span>,
    /// The apps, in the order of the clients.
    apps: Vec<Runs>,
    server: Runs,
    /// Was anything done yet?
    acted: bool,
    /// Was this step played before, in an earlier round?
    again: bool,
    total: Millis,
    is_too_long: bool,
}

impl Timeline<'_, '_> {
    fn moment(&mut self, step: &ReadStep, action: &Action, rest: &[Moment<'_>]) {
        match action {
            Action::Act(act) => {
                self.act(step, act);
                self.acted = true;
            }
            Action::Observe(observation) => self.observation(step, observation, rest),
            Action::Mark(name) => self.name_mark(step, name),
        }
        self.pass(step, takes(action));
    }

    /// A step that was complained about. Whatever it may have meant must not lead to complaints
    /// about the steps after it.
    fn not_understood(&mut self, step: &ReadStep) {
        for name in &step.names {
            self.marks.entry(name.clone()).or_insert(step.span);
            self.started.entry(name.clone()).or_insert(step.span);
        }
        let word = step.word.map(|field| field.name);
        if matches!(word, None | Some("app")) {
            self.apps.fill(Runs::Perhaps);
        }
        if matches!(word, None | Some("server")) {
            self.server = Runs::Perhaps;
        }
        self.acted = true;
    }

    fn act(&mut self, step: &ReadStep, act: &Act) {
        match act {
            Act::Call { client, then, .. } => {
                self.can_call(step, *client);
                if let Then::GoOn(name) = then {
                    let place = step.place("as");
                    let again = self.again;
                    named(
                        self.decoder,
                        &mut self.started,
                        name,
                        place,
                        "started call",
                        again,
                    );
                }
            }
            Act::App { client, is } => {
                for client in client.each() {
                    if !self.app(step, client, *is) {
                        break;
                    }
                }
            }
            Act::Server(act) => self.server(step, act),
            Act::Advance(_)
            | Act::Network { .. }
            | Act::Clock { .. }
            | Act::On { .. }
            | Act::TokenProvider { .. } => {}
        }
    }

    fn name_mark(&mut self, step: &ReadStep, name: &str) {
        named(
            self.decoder,
            &mut self.marks,
            name,
            step.span,
            "mark",
            self.again,
        );
    }

    fn runs(&self, client: ClientIndex) -> Runs {
        self.apps.get(client.0).copied().unwrap_or(Runs::Perhaps)
    }

    /// A process that is gone or stands still cannot call.
    fn can_call(&mut self, step: &ReadStep, clients: Devices) {
        for client in clients.each() {
            let place = step.place("client");
            let name = self.name(client);
            let diagnostic = match self.runs(client) {
                Runs::Yes | Runs::Perhaps => continue,
                Runs::No(since) => {
                    let message = format!("the app of {name} is not running");
                    Diagnostic::new("impossible", message)
                        .at(place, "cannot call anything")
                        .also(since, "it crashed here")
                        .help("start it first: `app: { client: ..., is: started }`")
                }
                Runs::StandsStill(since) => {
                    let message = format!("the app of {name} stands still");
                    Diagnostic::new("impossible", message)
                        .at(place, "cannot call anything")
                        .also(since, "it was frozen here")
                        .help("let it go on first: `app: { client: ..., is: resumed }`")
                }
            };
            return self.decoder.complain(diagnostic);
        }
    }

    /// Says whether it is possible.
    fn app(&mut self, step: &ReadStep, client: ClientIndex, is: AppAct) -> bool {
        let place = step.place("is");
        let impossible = |message: String| Diagnostic::new("impossible", message);
        let name = self.name(client);
        let wrong = match (is, self.runs(client)) {
            (_, Runs::Perhaps) => None,
            (AppAct::Crashed, Runs::No(first)) => Some(
                impossible(format!("the app of {name} has crashed already"))
                    .at(place, "it is not running")
                    .also(first, "it crashed here"),
            ),
            (AppAct::Started, Runs::Yes | Runs::StandsStill(_)) => Some(
                impossible(format!("the app of {name} is running already"))
                    .at(place, "it has not crashed")
                    .help("an app runs from the first step until it crashes"),
            ),
            (AppAct::Crashed | AppAct::Started, _) => None,
            (_, Runs::No(first)) => Some(
                impossible(format!("the app of {name} is not running"))
                    .at(place, "it has crashed")
                    .also(first, "it crashed here"),
            ),
            (AppAct::Resumed, Runs::Yes) => Some(
                impossible(format!("the app of {name} does not stand still"))
                    .at(place, "it was not frozen"),
            ),
            (AppAct::Resumed, Runs::StandsStill(_)) => None,
            (_, Runs::StandsStill(since)) => Some(
                impossible(format!("the app of {name} stands still"))
                    .at(place, "it notices nothing")
                    .also(since, "it was frozen here"),
            ),
            _ => None,
        };
        if let Some(app) = self.apps.get_mut(client.0) {
            *app = match is {
                AppAct::Crashed => Runs::No(step.span),
                AppAct::Frozen => Runs::StandsStill(step.span),
                AppAct::Started | AppAct::Resumed => Runs::Yes,
                AppAct::Background | AppAct::Foreground => *app,
            };
        }
        let possible = wrong.is_none();
        wrong
            .into_iter()
            .for_each(|wrong| self.decoder.complain(wrong));
        possible
    }

    fn server(&mut self, step: &ReadStep, act: &ServerAct) {
        let wrong = match (act, self.server) {
            (ServerAct::Start, Runs::Yes) => Some(
                Diagnostic::new("impossible", "the server is running already")
                    .at(step.span, "it was not stopped")
                    .help("`server: restart` stops it and starts it again at once"),
            ),
            (ServerAct::Start, _) | (_, Runs::Yes | Runs::Perhaps) => None,
            (_, Runs::No(stopped) | Runs::StandsStill(stopped)) => Some(
                Diagnostic::new("impossible", "the server is not running")
                    .at(step.span, "nothing can be done to it")
                    .also(stopped, "it was stopped here")
                    .help("`server: start` starts it"),
            ),
        };
        if let Some(wrong) = wrong {
            self.server = Runs::Perhaps;
            return self.decoder.complain(wrong);
        }
        match act {
            ServerAct::Start | ServerAct::Restart => self.server = Runs::Yes,
            ServerAct::Stop => self.server = Runs::No(step.span),
            ServerAct::Kick { user, .. } => self.is_known(step, user, "kick"),
            ServerAct::Ban(user) => self.is_known(step, user, "ban"),
            ServerAct::Unban(user) => self.is_known(step, user, "unban"),
            ServerAct::Revoke(user) => self.is_known(step, user, "revoke"),
            ServerAct::Set(_) | ServerAct::Gateway { .. } | ServerAct::Disturb { .. } => {}
        }
    }

    /// Something done to somebody nobody has ever heard of is a slip of the pen.
    fn is_known(&mut self, step: &ReadStep, user: &str, key: &str) {
        if self.clients.iter().any(|client| client.user == user)
            || self.decoder.users.contains(user)
        {
            return;
        }
        let users = self.clients.iter().map(|client| client.user.as_str());
        let message = format!("no client logs in as `{}`", shown(user));
        let place = step.place(key);
        let diagnostic = Diagnostic::new("unknown-user", message).at(place, "unknown");
        let diagnostic = match self.decoder.closest(user, users) {
            Some(meant) => diagnostic
                .help(format!("did you mean `{}`?", shown(meant)))
                .suggest(place, meant),
            None => diagnostic,
        };
        self.decoder.complain(diagnostic);
    }

    fn observation(&mut self, step: &ReadStep, observation: &Observation, rest: &[Moment<'_>]) {
        let since = match observation {
            Observation::Expect { since, .. }
            | Observation::Never { since, .. }
            | Observation::Count { since, .. }
            | Observation::Observe { since, .. } => since,
            Observation::Result { of, .. } => return self.asked(step, of),
            Observation::Watch(all) => {
                for observation in all {
                    self.observation(step, observation, rest);
                }
                return;
            }
        };
        match since {
            None if !self.acted => self.decoder.complain(
                Diagnostic::new(
                    "impossible",
                    "nothing has been done yet that could be observed",
                )
                .at(step.span, "looks at everything since the most recent act")
                .help("do something first, or set a `mark` and look at everything `since` it"),
            ),
            Some(mark) if !self.marks.contains_key(mark) => {
                let message = format!("no mark `{}` is set before this step", shown(mark));
                let place = step.place("since");
                let later = rest.iter().find(
                    |moment| matches!(&moment.action, Some(Action::Mark(name)) if name == mark),
                );
                let diagnostic = Diagnostic::new("unknown-mark", message).at(place, "not set yet");
                self.decoder.complain(match later {
                    Some(later) => diagnostic.also(later.step.span, "set only here"),
                    None => meant(
                        self.decoder,
                        diagnostic,
                        mark,
                        place,
                        &self.marks,
                        "- mark: ",
                    ),
                });
            }
            None | Some(_) => {}
        }
    }

    fn asked(&mut self, step: &ReadStep, of: &str) {
        if self.started.contains_key(of) {
            return;
        }
        let message = format!("no call was started as `{}` before this step", shown(of));
        let place = step.place("of");
        let diagnostic = Diagnostic::new("unknown-start", message).at(place, "not started yet");
        let advice = "- start: { login: ..., as: ";
        let diagnostic = meant(self.decoder, diagnostic, of, place, &self.started, advice);
        self.decoder.complain(diagnostic);
    }

    fn pass(&mut self, step: &ReadStep, length: Millis) {
        self.total = Millis(self.total.0.saturating_add(length.0));
        if self.total > LONGEST && !self.is_too_long {
            self.is_too_long = true;
            self.decoder.complain(
                Diagnostic::new(
                    "too-long",
                    format!("up to this step the scenario takes {}", self.total),
                )
                .at(
                    step.span,
                    format!("more than {LONGEST}, the longest there is"),
                )
                .note("the sum of all that is waited for, at its longest"),
            );
        }
    }

    fn name(&self, client: ClientIndex) -> String {
        let name = self.clients.get(client.0).map(|client| &client.name);
        name.map_or("this client".to_owned(), |name| {
            format!("`{}`", shown(name))
        })
    }
}

/// Remembers that `name` is given at `place`.
fn named(
    decoder: &mut Decoder<'_>,
    names: &mut BTreeMap<String, Span>,
    name: &str,
    place: Span,
    what: &str,
    again: bool,
) {
    match names.get(name) {
        // The same step of a `repeat` gives it anew.
        Some(first) if again && *first == place => {}
        Some(first) => decoder.complain(
            Diagnostic::new(
                "repeated",
                format!("a second {what} is called `{}`", shown(name)),
            )
            .at(place, "the second")
            .also(*first, "the first")
            .help("give it another name"),
        ),
        None => {
            names.insert(name.to_owned(), place);
        }
    }
}

fn meant(
    decoder: &Decoder<'_>,
    diagnostic: Diagnostic,
    text: &str,
    place: Span,
    names: &BTreeMap<String, Span>,
    advice: &str,
) -> Diagnostic {
    match decoder.closest(text, names.keys().map(String::as_str)) {
        Some(meant) => diagnostic
            .help(format!("did you mean `{}`?", shown(meant)))
            .suggest(place, meant),
        None => {
            let end = if advice.contains('{') { " }" } else { "" };
            diagnostic.help(format!("`{advice}{}{end}` sets one", shown(text)))
        }
    }
}

/// How long a step may take.
fn takes(action: &Action) -> Millis {
    match action {
        Action::Act(Act::Advance(length)) => *length,
        Action::Observe(observation) => lasts(observation),
        Action::Act(_) | Action::Mark(_) => Millis::ZERO,
    }
}

fn lasts(observation: &Observation) -> Millis {
    match observation {
        Observation::Expect { when, .. } => match when {
            When::Already => Millis::ZERO,
            When::Within(length) | When::FromNow(length) | When::Between(_, length) => *length,
        },
        Observation::Never { lasting, .. }
        | Observation::Count { lasting, .. }
        | Observation::Observe { lasting, .. } => lasting.unwrap_or(Millis::ZERO),
        Observation::Result { within, .. } => within.unwrap_or(Millis::ZERO),
        Observation::Watch(all) => all.iter().map(lasts).max().unwrap_or(Millis::ZERO),
    }
}
