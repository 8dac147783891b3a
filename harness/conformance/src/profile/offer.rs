//! What a console offers, and which settings of a scenario are therefore to be had.

use serde::{Deserialize, Serialize};
use session::rules::{
    Authentication, Console, DevicePolicy, KickedWhileAway, OnExpiry, SeveralRooms,
};
use session::words::Platform;

use super::Profile;

/// What a console offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ConsoleOffer {
    /// The device policies to choose from.
    pub device_policy: Vec<DevicePolicy>,
    /// The effects of a ticket's end to choose from.
    pub on_token_expiry: Vec<OnExpiry>,
    /// Can the reconnect window be set?
    pub reconnect_window: bool,
    /// The most instances of one native platform; 0 where that cannot be set.
    #[serde(default)]
    pub most_per_platform: u32,
    /// The most web instances; 0 where that cannot be set.
    #[serde(default)]
    pub most_on_web: u32,
    /// The most native devices in total; 0 where that cannot be set.
    #[serde(default)]
    pub most_native_in_total: u32,
    /// The groups of platforms that can be made to exclude each other.
    #[serde(default)]
    pub exclude_each_other: Vec<Vec<Platform>>,
    /// What a device that was displaced while it was away can be told at its next login.
    #[serde(default)]
    pub kicked_while_away: Vec<KickedWhileAway>,
    /// The uses of several rooms to choose from.
    #[serde(default)]
    pub several_rooms: Vec<SeveralRooms>,
    /// The proofs of a login to choose from.
    #[serde(default)]
    pub authentication: Vec<Authentication>,
}

impl Profile {
    /// Why these console settings cannot be had here, if they cannot. How many gateways there are
    /// is no setting of a console, but the size of the service; any number is allowed.
    pub fn refuses(&self, console: &Console) -> Option<String> {
        let offer = &self.console;
        one_of("device-policy", console.device_policy, &offer.device_policy)
            .or_else(|| {
                at_most(
                    "per-platform",
                    console.per_platform,
                    offer.most_per_platform,
                )
            })
            .or_else(|| at_most("on-web", console.on_web, offer.most_on_web))
            .or_else(|| {
                let wanted = console.native_in_total;
                at_most("native-in-total", wanted, offer.most_native_in_total)
            })
            .or_else(|| excluded(console.exclude_each_other.as_deref(), offer))
            .or_else(|| {
                let wanted = console.kicked_while_away;
                one_of("kicked-while-away", wanted, &offer.kicked_while_away)
            })
            .or_else(|| {
                let wanted = console.on_token_expiry;
                one_of("on-token-expiry", wanted, &offer.on_token_expiry)
            })
            .or_else(|| {
                let is_wanted = console.reconnect_window.is_some();
                (is_wanted && !offer.reconnect_window)
                    .then(|| "its reconnect window cannot be set".into())
            })
            .or_else(|| one_of("several-rooms", console.several_rooms, &offer.several_rooms))
            .or_else(|| {
                let wanted = console.authentication;
                one_of("authentication", wanted, &offer.authentication)
            })
    }
}

fn one_of<W: PartialEq + std::fmt::Display>(
    name: &str,
    wanted: Option<W>,
    offered: &[W],
) -> Option<String> {
    let wanted = wanted.filter(|wanted| !offered.contains(wanted))?;
    Some(format!("its console does not offer {name}: {wanted}"))
}

fn at_most(name: &str, wanted: Option<u32>, most: u32) -> Option<String> {
    let wanted = wanted.filter(|wanted| *wanted > most)?;
    Some(match most {
        0 => format!("its console does not offer {name}"),
        most => format!("its console offers {name} up to {most}, not {wanted}"),
    })
}

/// The order in a group means nothing.
fn excluded(wanted: Option<&[Platform]>, offer: &ConsoleOffer) -> Option<String> {
    let wanted = wanted?;
    let is_same = |group: &&Vec<Platform>| {
        group.len() == wanted.len() && wanted.iter().all(|platform| group.contains(platform))
    };
    if offer.exclude_each_other.iter().any(|group| is_same(&group)) {
        return None;
    }
    let names: Vec<&str> = wanted.iter().map(|platform| platform.word()).collect();
    Some(format!(
        "its console does not offer exclude-each-other: [{}]",
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::hand_written::plain_profile;

    #[test]
    fn what_is_not_offered_is_refused_with_its_reason() {
        let mut profile = plain_profile();
        profile.console.most_per_platform = 3;
        profile.console.exclude_each_other = vec![vec![Platform::Android, Platform::Iphone]];
        let settings = |change: fn(&mut Console)| {
            let mut console = Console::default();
            change(&mut console);
            console
        };
        let refused = |change| profile.refuses(&settings(change));
        assert_eq!(refused(|c| c.per_platform = Some(3)), None);
        assert_eq!(refused(|c| c.gateways = Some(4)), None);
        assert_eq!(
            refused(|c| c.exclude_each_other = Some(vec![Platform::Iphone, Platform::Android])),
            None
        );
        for (change, why) in [
            (
                (|c| c.per_platform = Some(4)) as fn(&mut Console),
                "its console offers per-platform up to 3, not 4",
            ),
            (|c| c.on_web = Some(1), "its console does not offer on-web"),
            (
                |c| c.exclude_each_other = Some(vec![Platform::Android]),
                "its console does not offer exclude-each-other: [android]",
            ),
            (
                |c| c.several_rooms = Some(SeveralRooms::Allowed),
                "its console does not offer several-rooms: allowed",
            ),
            (
                |c| c.kicked_while_away = Some(KickedWhileAway::Told),
                "its console does not offer kicked-while-away: told",
            ),
        ] {
            assert_eq!(refused(change).as_deref(), Some(why));
        }
    }
}
