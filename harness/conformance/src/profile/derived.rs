//! Capabilities that follow from the rules. No profile lists them, so none can contradict itself.

use session::rules::{
    AgainOtherUser, Conversations, OfflineLogin, OnExpiry, Rules, Wait, WarningLead, Window,
};

use super::Capability;

/// Each capability that follows from a rule: does it, and from which knob?
pub(super) fn derived(rules: &Rules) -> [(Capability, bool, &'static str); 10] {
    [
        (
            Capability::Rooms,
            rules.login.into_room,
            "rules.login.into-room",
        ),
        (
            Capability::LoginRetry,
            rules.login.retried_for_window,
            "rules.login.retried-for-window",
        ),
        (
            Capability::AccountSwitch,
            rules.login.again_other_user == AgainOtherUser::Switch,
            "rules.login.again-other-user",
        ),
        (
            Capability::OfflineLogin,
            rules.login.offline != OfflineLogin::None,
            "rules.login.offline",
        ),
        (
            Capability::ReadyEvent,
            rules.login.ready_after != Wait::None,
            "rules.login.ready-after",
        ),
        (
            Capability::LocalConversations,
            rules.local.conversations != Conversations::Never,
            "rules.local.conversations",
        ),
        (
            Capability::BoundedWindow,
            matches!(rules.reconnect.window, Window::Bounded(_)),
            "rules.reconnect.window",
        ),
        (
            Capability::UnlimitedWindow,
            rules.reconnect.window == Window::Unlimited,
            "rules.reconnect.window",
        ),
        (
            Capability::TokenWarning,
            rules.token.warning_lead != WarningLead::None,
            "rules.token.warning-lead",
        ),
        (
            Capability::ExpiryEndsSession,
            rules.token.on_expiry != OnExpiry::Stay,
            "rules.token.on-expiry",
        ),
    ]
}
