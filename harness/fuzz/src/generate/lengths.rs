//! Pauses, and the lives of tickets: round ones, and such at which something turns.

use proptest::prelude::*;
use proptest::sample::select;
use session::time::Millis;

use crate::alphabet::Alphabet;
use crate::feature::{Feature, Features};

/// How long nothing is done.
pub(super) fn pause(alphabet: &Alphabet<'_>, on: Features) -> BoxedStrategy<Millis> {
    let at_once = if on.has(Feature::Crossings) { 6 } else { 1 };
    let long = if on.has(Feature::LongWaits) { 1 } else { 0 };
    prop_oneof![
        at_once => Just(Millis::ZERO),
        at_once => (1u64..=200).prop_map(Millis),
        4 => (1u64..=30).prop_map(|tenths| Millis(tenths * 100)),
        3 => (1u64..=20).prop_map(Millis::seconds),
        2 => near(&alphabet.turns),
        long => near(&alphabet.long_turns),
    ]
    .boxed()
}

/// How long a ticket is good.
pub(super) fn life(alphabet: &Alphabet<'_>, on: Features) -> BoxedStrategy<Millis> {
    let long = if on.has(Feature::LongWaits) { 1 } else { 0 };
    prop_oneof![
        4 => (1u64..=90).prop_map(Millis::seconds),
        4 => near(&alphabet.turns),
        long => near(&alphabet.long_turns),
    ]
    .boxed()
}

/// One of these lengths, or a moment off.
fn near(turns: &[Millis]) -> BoxedStrategy<Millis> {
    if turns.is_empty() {
        return Just(Millis::seconds(1)).boxed();
    }
    let off = select(&[0i64, 0, 1, -1, 50, -50, 1_000, -1_000][..]);
    (select(turns.to_vec()), off)
        .prop_map(|(length, off)| Millis(length.0.saturating_add_signed(off).max(1)))
        .boxed()
}
