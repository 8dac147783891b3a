//! `kickout token verify`

use std::fmt::Write as _;

use conformance::diagnostic::shown;
use conformance::profile::Profile;
use serde_json::{Value, json};
use session::rules::{EndCounts, PayloadUse, TokenCodes};
use session::ticket::{self, Claims, Expected, Format, Refused};
use session::words::{Api, ErrorWord};

use super::sources::{date, distance};
use super::{VerifyOptions, sources};
use crate::args::Selection;
use crate::exit::{Exit, Trouble};
use crate::{print, suite};

/// What the services of one profile say.
struct Said<'p> {
    profile: &'p Profile,
    end: EndCounts,
    verdict: Result<Claims, Refused>,
}

pub(super) fn verify(options: &VerifyOptions) -> Result<Exit, Trouble> {
    let text = sources::ticket(options.ticket.as_deref())?;
    let kind = options.kind.unwrap_or_else(|| Format::of(&text));
    let secret = sources::secret(&options.secret, kind)?;
    let now = sources::now(options.now);
    let selection = Selection {
        profile: options.profile.clone(),
        ..Selection::default()
    };
    let library = suite::library(&selection)?;
    let profiles = suite::profiles(&selection, &library)?;
    let judge = |end, payload| {
        let expected = Expected {
            app: options.holder.app_id,
            user: &options.holder.user,
            room: options.room.as_deref(),
            now,
            end,
            payload,
        };
        ticket::verify(&text, &secret, &expected)
    };
    let said: Vec<Said<'_>> = profiles
        .iter()
        .map(|profile| (profile, &profile.rules.token))
        .filter(|(_, rules)| rules.format == kind)
        .map(|(profile, rules)| Said {
            profile,
            end: rules.end_counts,
            verdict: judge(rules.end_counts, rules.payload),
        })
        .collect();
    if said.is_empty() {
        return Err(Trouble::Usage(format!(
            "none of these profiles uses tickets of the form {kind}"
        )));
    }
    // What the format itself says, where the profiles differ in what they ask for besides.
    let plain = judge(kind.end(), PayloadUse::Ignored);
    let refused = said.iter().any(|said| said.verdict.is_err());
    let claims = ticket::read(&text, &secret).ok();
    let shown = match options.json {
        true => format!("{}\n", value(kind, &said, claims.as_ref(), now)),
        false => lines(kind, &said, &plain, claims.as_ref(), now),
    };
    print(&shown)?;
    Ok(if refused {
        Exit::Findings
    } else {
        Exit::Success
    })
}

fn lines(
    kind: Format,
    said: &[Said<'_>],
    plain: &Result<Claims, Refused>,
    claims: Option<&Claims>,
    now: i64,
) -> String {
    let mut text = String::new();
    let differ = said.iter().any(|one| one.verdict.is_err()) && plain.is_ok();
    let _ = match (plain, differ) {
        (Err(refused), _) => writeln!(text, "refused: {refused}"),
        (Ok(_), true) => writeln!(text, "refused by some:"),
        (Ok(_), false) => writeln!(text, "accepted"),
    };
    let _ = writeln!(text, "  kind   {kind}");
    if let Some(claims) = claims {
        let left = |moment: i64| distance(moment.saturating_sub(now));
        let (issued, ends) = (claims.issued, claims.ends);
        let _ = writeln!(text, "  user   {}", shown(&claims.user));
        let _ = writeln!(text, "  app    {}", claims.app);
        let _ = writeln!(text, "  made   {}, {}", date(issued), left(issued));
        let _ = writeln!(text, "  ends   {}, {}", date(ends), left(ends));
        if !claims.payload.is_empty() {
            let _ = writeln!(text, "  with   {}", shown(&claims.payload));
        }
    }
    let widest = said.iter().map(|one| one.profile.id.len()).max();
    let widest = widest.unwrap_or_default();
    if plain.is_err() || differ {
        text.push_str("what the vendor answers:\n");
        for one in said {
            let answer = match &one.verdict {
                Ok(_) => "accepted".to_owned(),
                Err(refused) if differ => format!("{}; {refused}", codes(one.profile, refused)),
                Err(refused) => codes(one.profile, refused),
            };
            let _ = writeln!(text, "  {:widest$}  {answer}", one.profile.id);
        }
    }
    text
}

/// The vendor's number and name for it, and the strict number where there is one.
fn codes(profile: &Profile, refused: &Refused) -> String {
    let error = refused.error();
    let Some((code, name)) = code(profile, error) else {
        return format!("{error}, without a number");
    };
    let mut text = code.to_string();
    if let Some(name) = name {
        let _ = write!(text, " {name}");
    }
    if let Some(strict) = strict(profile, error).filter(|strict| *strict != code) {
        let _ = write!(text, ", or {strict} where codes are {}", TokenCodes::Strict);
    }
    text
}

fn code(profile: &Profile, error: ErrorWord) -> Option<(i64, Option<&str>)> {
    let code = profile.code_of(error, Some(Api::Login))?;
    let named = profile.errors.values().find(|native| native.code == code);
    Some((code, named.and_then(|native| native.name.as_deref())))
}

fn strict(profile: &Profile, error: ErrorWord) -> Option<i64> {
    let offers = profile.console.token_codes.contains(&TokenCodes::Strict);
    let strict = profile.with_strict_codes();
    offers
        .then(|| strict.code_of(error, Some(Api::Login)))
        .flatten()
}

fn value(kind: Format, said: &[Said<'_>], claims: Option<&Claims>, now: i64) -> Value {
    let refused = said.iter().any(|one| one.verdict.is_err());
    let profiles: Vec<Value> = said
        .iter()
        .map(|one| match &one.verdict {
            Ok(_) => json!({ "profile": one.profile.id, "verdict": "accepted" }),
            Err(refused) => {
                let error = refused.error();
                let found = code(one.profile, error);
                json!({
                    "profile": one.profile.id,
                    "verdict": "refused",
                    "error": error,
                    "reason": refused.to_string(),
                    "code": found.map(|(code, _)| code),
                    "name": found.and_then(|(_, name)| name),
                    "strict-code": strict(one.profile, error),
                })
            }
        })
        .collect();
    let end = said.first().map_or(kind.end(), |one| one.end);
    json!({
        "verdict": if refused { "refused" } else { "accepted" },
        "kind": kind,
        "now": now,
        "claims": claims.map(|claims| json!({
            "user": claims.user,
            "app": claims.app,
            "issued": claims.issued,
            "ends": claims.ends,
            "payload": claims.payload,
            "left": claims.ends.saturating_sub(now),
            "last-second-counts": end == EndCounts::Included,
        })),
        "profiles": profiles,
    })
}
