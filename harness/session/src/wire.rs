//! Bytes to messages and back: one JSON object a line. Bad bytes are values, never panics.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest line, its end not counted, in bytes.
pub const LONGEST_LINE: usize = 64 * 1024;

/// What was wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireFault {
    /// Longer than [`LONGEST_LINE`].
    Oversized,
    /// Not UTF-8.
    NotText,
    /// Not a JSON object of a known type with its fields.
    NotMessage(String),
    /// The link ended inside a line of so many bytes.
    Truncated(usize),
}

impl fmt::Display for WireFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireFault::Oversized => write!(f, "a line is longer than {LONGEST_LINE} bytes"),
            WireFault::NotText => f.write_str("a line is not UTF-8"),
            WireFault::NotMessage(why) => write!(f, "a line is not a message: {why}"),
            WireFault::Truncated(bytes) => {
                write!(f, "the link ended inside a line, after {bytes} bytes of it")
            }
        }
    }
}

/// One message as a line of bytes.
pub fn encode(message: &impl Serialize) -> Vec<u8> {
    // Structs, words and strings only: serialising them cannot fail.
    let mut bytes = serde_json::to_vec(message).expect("a message is plain data");
    bytes.push(b'\n');
    bytes
}

/// Puts lines together from chunks of any size.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    line: Vec<u8>,
}

impl Decoder {
    /// The messages that `bytes` complete, up to the first fault. After a fault the link is of
    /// no more use and the rest of the bytes is dropped.
    ///
    /// # Errors
    /// What was wrong, beside the messages that came before it.
    pub fn push<M: DeserializeOwned>(&mut self, bytes: &[u8]) -> (Vec<M>, Result<(), WireFault>) {
        let mut messages = Vec::new();
        for chunk in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, complete) = match chunk.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (chunk, false),
            };
            if self.line.len() + text.len() > LONGEST_LINE {
                self.line = Vec::new();
                return (messages, Err(WireFault::Oversized));
            }
            let message = match (complete, self.line.is_empty()) {
                // Most lines arrive whole.
                (true, true) => read(text),
                (true, false) => {
                    self.line.extend_from_slice(text);
                    read(&std::mem::take(&mut self.line))
                }
                (false, _) => {
                    self.line.extend_from_slice(text);
                    continue;
                }
            };
            match message {
                Ok(message) => messages.push(message),
                Err(fault) => return (messages, Err(fault)),
            }
        }
        (messages, Ok(()))
    }

    /// The link ended: was that inside a line?
    ///
    /// # Errors
    /// [`WireFault::Truncated`].
    pub fn finish(&self) -> Result<(), WireFault> {
        match self.line.len() {
            0 => Ok(()),
            bytes => Err(WireFault::Truncated(bytes)),
        }
    }
}

fn read<M: DeserializeOwned>(line: &[u8]) -> Result<M, WireFault> {
    let text = std::str::from_utf8(line).map_err(|_| WireFault::NotText)?;
    serde_json::from_str(text).map_err(|why| {
        let why: String = why.to_string().chars().take(200).collect();
        WireFault::NotMessage(why.escape_debug().to_string())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::{FromClient, FromServer};

    #[test]
    fn split_and_coalesced_lines_are_the_same_messages() {
        let mut bytes = encode(&FromClient::Ping);
        bytes.extend(encode(&FromClient::Logout { id: 7 }));
        let whole: (Vec<FromClient>, _) = Decoder::default().push(&bytes);
        let mut decoder = Decoder::default();
        let mut single = Vec::new();
        for byte in &bytes {
            single.extend(decoder.push::<FromClient>(&[*byte]).0);
        }
        assert_eq!(whole.0, single);
        assert_eq!(whole.0.len(), 2);
        assert_eq!(decoder.finish(), Ok(()));
    }

    #[test]
    fn each_fault_is_named() {
        let fault = |bytes: &[u8]| {
            let (_, result): (Vec<FromServer>, _) = Decoder::default().push(bytes);
            result.unwrap_err()
        };
        assert_eq!(fault(&[0xff, b'\n']), WireFault::NotText);
        assert_eq!(fault(&vec![b'a'; LONGEST_LINE + 1]), WireFault::Oversized);
        assert!(matches!(fault(b"{\n"), WireFault::NotMessage(_)));
        assert!(matches!(
            fault(b"{\"type\":\"dance\"}\n"),
            WireFault::NotMessage(_)
        ));
        let mut decoder = Decoder::default();
        let _ = decoder.push::<FromServer>(b"{\"ty");
        assert_eq!(decoder.finish(), Err(WireFault::Truncated(4)));
    }

    #[test]
    fn what_came_before_a_fault_counts() {
        let (messages, result) = Decoder::default()
            .push::<FromServer>(b"{\"type\":\"pong\"}\nnonsense\n{\"type\":\"pong\"}\n");
        assert_eq!(messages, [FromServer::Pong]);
        assert!(result.is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(chunks in proptest::collection::vec(
            proptest::collection::vec(any::<u8>(), 0..80), 0..20)) {
            let mut decoder = Decoder::default();
            for chunk in &chunks {
                let _ = decoder.push::<FromClient>(chunk);
            }
        }
    }
}
