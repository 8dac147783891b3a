//! What each call takes and answers, for `call`; a call with an act of its own takes the same there.

use session::words::Api;

/// The keys of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takes {
    /// Those without which it means nothing.
    pub needs: &'static [&'static str],
    /// Those that have a default.
    pub may: &'static [&'static str],
}

/// What `api` takes.
pub fn takes(api: Api) -> Takes {
    let (needs, may): (&[&str], &[&str]) = match api {
        Api::Initialise | Api::Destroy => (&[], &[]),
        Api::Login => (
            &[],
            &[
                "user", "room", "token", "name", "notify", "offline", "gateway",
            ],
        ),
        Api::Logout => (&[], &["room"]),
        Api::RenewToken => (&[], &["token", "room"]),
        Api::SendMessage => (&[], &["to", "room", "text"]),
        Api::SendBarrage => (&[], &["room", "text"]),
        Api::SendCommand => (&[], &["to", "room", "text"]),
        Api::SetRoomMode => (&["mode"], &[]),
        Api::SwitchRoom => (&["room"], &["from", "token"]),
        Api::StartPublishing | Api::StopPublishing => (&[], &["stream", "room"]),
        Api::StartPlaying | Api::StopPlaying => (&[], &["stream"]),
        Api::SetStreamExtraInfo => (&[], &["stream", "text"]),
        Api::GetConversations | Api::GetLoginUser | Api::GetLoginStatus => (&[], &[]),
        Api::GetHistory => (&["with"], &[]),
        Api::GetUserName => (&[], &["user"]),
        Api::AddListener | Api::RemoveListener => (&["listener"], &[]),
    };
    Takes { needs, may }
}

impl Takes {
    /// Does it take this key?
    pub fn has(&self, name: &str) -> bool {
        self.needs.contains(&name) || self.may.contains(&name)
    }
}

/// Does the call answer with a value that `is` can be compared with?
pub fn answers(api: Api) -> bool {
    matches!(
        api,
        Api::GetLoginUser
            | Api::GetLoginStatus
            | Api::GetUserName
            | Api::GetConversations
            | Api::GetHistory
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::grammar::{ACTS, Kind};

    #[test]
    fn a_call_takes_what_its_own_act_takes() {
        let mut own = 0;
        for api in Api::ALL {
            let Some(field) = ACTS.iter().find(|field| field.name == api.word()) else {
                continue;
            };
            let (Kind::Short(_, record) | Kind::Record(record)) = &field.kind else {
                panic!("{api}")
            };
            let keys: BTreeSet<&str> = record.fields().map(|field| field.name).collect();
            let beside = BTreeSet::from(["client", "fails", "outcome-of"]);
            let takes = takes(*api);
            let taken = takes.needs.iter().chain(takes.may).copied().collect();
            assert_eq!(&keys - &beside, taken, "{api}");
            own += 1;
        }
        assert_eq!(own, 4);
    }
}
