//! The room permission that a UserSig can carry (SOURCES tim B2.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a user buffer says. All numbers are big-endian in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Userbuf {
    /// The user.
    pub user: String,
    /// The app.
    pub app: u32,
    /// The room: a number, or with the newer version a text.
    pub room: String,
    /// When the permission ends, in Unix seconds.
    pub ends: u32,
    /// What is permitted, as bits.
    pub privileges: u32,
    /// The kind of account.
    pub account_type: u32,
}

impl Userbuf {
    /// Reads a buffer as it stands in a ticket, in base64; `None` when it is none.
    pub fn read_text(text: &str) -> Option<Userbuf> {
        Userbuf::read(&STANDARD.decode(text).ok()?)
    }

    /// Reads a buffer; `None` when it is none.
    pub fn read(bytes: &[u8]) -> Option<Userbuf> {
        let mut rest = Rest(bytes);
        let has_text = match rest.take(1)? {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        let user = rest.text()?;
        let [app, room, ends, privileges, account_type] = [(); 5].map(|()| rest.number());
        let room = match has_text {
            true => rest.text()?,
            false => room?.to_string(),
        };
        rest.0.is_empty().then_some(Userbuf {
            user,
            app: app?,
            room,
            ends: ends?,
            privileges: privileges?,
            account_type: account_type?,
        })
    }
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, many: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(many)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<String> {
        let length = u16::from_be_bytes(self.take(2)?.try_into().ok()?);
        String::from_utf8(self.take(length.into())?.to_vec()).ok()
    }
}
