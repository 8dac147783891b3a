//! Ranges of versions, as rows and profiles write them: `>=2.9.0`, `native >= 2.18, < 3.7`.

type Version = [u32; 3];

/// Is there a version in both ranges? What says no numbers means every version.
pub(crate) fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (range(one), range(other));
    one.0.max(other.0) < one.1.min(other.1)
}

/// The first version of the range, and the first one after it.
fn range(text: &str) -> (Version, Version) {
    let mut range = ([0; 3], [u32::MAX; 3]);
    for part in text.split(',') {
        if let Some((_, from)) = part.split_once(">=") {
            range.0 = version(from);
        } else if let Some((_, to)) = part.split_once('<') {
            range.1 = version(to);
        }
    }
    range
}

/// Places that are left out are zero.
fn version(text: &str) -> Version {
    let mut version = [0; 3];
    let places = text.trim().split('.').map_while(|n| n.parse().ok());
    for (place, number) in version.iter_mut().zip(places) {
        *place = number;
    }
    version
}

#[cfg(test)]
mod tests {
    use super::overlap;

    #[test]
    fn ranges_overlap_or_do_not() {
        for (row, profile, both) in [
            (">=2.9.0", ">= 2.13", true),
            (">=2.9.0", "< 2.9", false),
            (">=2.9.0", "< 2.9.1", true),
            ("<3.7.0", "native >= 2.18, < 3.7", true),
            ("<3.7.0", "native >= 3.11", false),
            ("<3.7.0", "web >= 3.11", false),
            ("<2.18.0", "native >= 2.18, < 3.7", false),
            (">=2.3.0", "any", true),
            (">=2.3.0", "native, login guide", true),
        ] {
            assert_eq!(overlap(row, profile), both, "{row} and {profile}");
            assert_eq!(overlap(profile, row), both, "{profile} and {row}");
        }
    }
}
