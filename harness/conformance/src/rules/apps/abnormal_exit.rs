//! A4: after an abnormal exit while logged in, an app logs out before it logs in (EXP-067).

use session::time::Time;

use super::{breach, say};
use crate::requirement::Party;
use crate::rules::few::{Map, Set};
use crate::rules::{About, Found, Kinds, Rule, WHOLE};
use crate::scenario::AppAct;
use crate::transcript::{Entry, What};

/// Which devices are logged in, and which lost their process so.
#[derive(Debug, Default)]
pub(super) struct AbnormalExit {
    calls: Map<u32, String>,
    logged_in: Set<String>,
    exited: Set<String>,
}

impl Rule for AbnormalExit {
    fn id(&self) -> &'static str {
        "A4"
    }

    fn party(&self) -> Party {
        Party::App
    }

    fn reads(&self) -> Kinds {
        Kinds::CALL | Kinds::RESULT | Kinds::APP
    }

    fn entry(&mut self, index: usize, entry: &Entry, _: &About<'_>, found: &mut Found) {
        let device = &entry.actor;
        match &entry.what {
            What::Call(call) => match call.api.as_str() {
                "login" => {
                    if self.exited.remove(device) {
                        let expected = "a logout before the first login after the exit".to_owned();
                        breach(found, WHOLE, (index, entry), expected, say(call));
                    }
                    self.calls.insert(call.id, device.clone());
                }
                "logout" => {
                    self.exited.remove(device);
                    self.logged_in.remove(device);
                }
                "destroy" => {
                    self.logged_in.remove(device);
                }
                _ => {}
            },
            What::Result(answer) if answer.ok => {
                if let Some(device) = self.calls.remove(&answer.id) {
                    self.logged_in.insert(device);
                }
            }
            What::App {
                is: AppAct::Crashed,
            } => {
                let was_logged_in = self.logged_in.remove(device);
                if was_logged_in {
                    self.exited.insert(device.clone());
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, _: Time, _: &About<'_>, _: &mut Found) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hand_written::{Lines, violated};

    fn crashed() -> Lines {
        Lines::default()
            .login(0, "phone", 1)
            .app(50, "phone", AppAct::Crashed)
            .app(60, "phone", AppAct::Started)
    }

    #[test]
    fn logout_then_login_satisfies_it() {
        let lines = crashed()
            .call(61, "phone", 2, "logout")
            .login(62, "phone", 3);
        assert_eq!(violated("A4", lines.end(99)), None);
    }

    #[test]
    fn a_login_at_once_violates_it() {
        let lines = crashed();
        let at = lines.len();
        assert_eq!(
            violated("A4", lines.login(61, "phone", 2).end(99)),
            Some(at)
        );
    }

    #[test]
    fn nobody_was_logged_in() {
        let lines = Lines::default()
            .login(0, "phone", 1)
            .call(5, "phone", 2, "logout")
            .app(50, "phone", AppAct::Crashed)
            .app(60, "phone", AppAct::Started)
            .login(61, "phone", 3);
        assert_eq!(violated("A4", lines.end(99)), None);
    }
}
