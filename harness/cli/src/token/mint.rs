//! `kickout token mint`

use serde_json::json;
use session::ticket::{self, Claims, Draws};

use super::{MintOptions, sources};
use crate::exit::{Exit, Trouble};
use crate::print;

pub(super) fn mint(options: &MintOptions) -> Result<Exit, Trouble> {
    let secret = sources::secret(&options.secret, options.kind)?;
    let issued = sources::now(options.now);
    let life = i64::try_from(options.valid_for.0 / 1_000).unwrap_or(i64::MAX);
    let claims = Claims {
        user: options.holder.user.clone(),
        app: options.holder.app_id,
        issued,
        ends: issued.saturating_add(life),
        payload: options.payload.clone(),
    };
    let draws = Draws {
        // Generators differ in how large it gets; all take this much (SOURCES token 4.3).
        nonce: match options.nonce {
            Some(nonce) => nonce,
            None => i64::from(u32::from_be_bytes(sources::random()?) >> 1),
        },
        iv: match options.iv {
            Some(iv) => iv,
            None => sources::random()?,
        },
    };
    let text = match options.fault {
        None => ticket::mint(&claims, &secret, draws),
        Some(fault) => ticket::mint_faulty(&claims, &secret, draws, fault),
    };
    if text.len() > ticket::LONGEST {
        let longest = ticket::LONGEST;
        return Err(Trouble::Usage(format!(
            "the ticket would be longer than {longest} bytes"
        )));
    }
    let shown = match options.json {
        false => text,
        true => json!({
            "ticket": text,
            "kind": options.kind,
            "app": claims.app,
            "user": claims.user,
            "issued": claims.issued,
            "ends": claims.ends,
            "payload": claims.payload,
            "fault": options.fault,
        })
        .to_string(),
    };
    print(&format!("{shown}\n"))?;
    Ok(Exit::Success)
}
