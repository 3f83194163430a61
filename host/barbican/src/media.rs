//! Content types of payloads (`barbican/plugin/util/mime_types.py`).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

/// What a payload is stored as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `text/plain`, in UTF-8.
    Text,
    /// `application/octet-stream`
    Octets,
    /// `application/pkcs8`
    Pkcs8,
}

impl Media {
    /// The types that a client may name, as Barbican's errors list them.
    pub const SUPPORTED: &'static str = "['text/plain', 'text/plain;charset=utf-8', 'text/plain; charset=utf-8', \
                                         'application/octet-stream', 'application/pkcs8']";

    /// The type that a client names, with or without `charset=utf-8`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        if let Some(parameter) = parts.next() {
            let (_, charset) = parameter.split_once('=')?;
            if !charset.trim().eq_ignore_ascii_case("utf-8") {
                return None;
            }
        }
        Self::ALL.into_iter().find(|media| media.as_str() == essence)
    }

    const ALL: [Self; 3] = [Self::Text, Self::Octets, Self::Pkcs8];

    /// Barbican's own name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text/plain",
            Self::Octets => "application/octet-stream",
            Self::Pkcs8 => "application/pkcs8",
        }
    }

    /// The encodings that a payload in JSON may be in, as Barbican's errors list them.
    pub const fn encodings(self) -> &'static str {
        match self {
            Self::Text => "None",
            Self::Octets | Self::Pkcs8 => "['base64', 'binary']",
        }
    }
}

/// Python's lenient `base64.b64decode`: what is not of the alphabet is skipped, what follows the padding is not
/// read, and the padding must be there.
pub fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let lenient = GeneralPurpose::new(&STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));
    let mut digits = Vec::with_capacity(text.len());
    let mut padding = 0;
    for byte in text {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/') {
            digits.push(*byte);
            padding = 0;
        } else if *byte == b'=' && digits.len() % 4 >= 2 {
            padding += 1;
            if digits.len() % 4 + padding == 4 {
                return lenient.decode(digits).ok();
            }
        }
    }
    (digits.len().is_multiple_of(4)).then(|| lenient.decode(digits).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    #[test]
    fn content_types_are_known_in_every_spelling_that_barbican_knows() {
        for (text, media) in [
            ("text/plain", Some(Media::Text)),
            ("text/plain;charset=utf-8", Some(Media::Text)),
            ("text/plain; charset=utf-8", Some(Media::Text)),
            ("TEXT/PLAIN;charset=UTF-8", Some(Media::Text)),
            ("application/octet-stream", Some(Media::Octets)),
            ("application/pkcs8", Some(Media::Pkcs8)),
            ("text/plain;charset=latin1", None),
            ("text/plain;utf-8", None),
            ("text/html", None),
            ("application/aes", None),
            ("", None),
        ] {
            assert_eq!(Media::parse(text), media, "{text}");
        }
    }

    #[test]
    fn base64_is_read_as_python_reads_it() {
        for (text, bytes) in [
            ("aGVsbG8=", Some(&b"hello"[..])),
            ("aGV*sbG8=", Some(b"hello")),
            ("aGVs\nbG8=", Some(b"hello")),
            ("aGVsbG8=trailing", Some(b"hello")),
            ("", Some(b"")),
            ("=", Some(b"")),
            ("x", None),
            ("aGVsbG8", None),
            ("aGVsb", None),
            ("YQ=", None),
            ("YQ=\n=", Some(b"a")),
            ("YQ==", Some(b"a")),
            ("YQ=ab=", Some(b"a\x06\x9b")),
        ] {
            assert_eq!(decode_base64(text.as_bytes()).as_deref(), bytes, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode_base64(STANDARD.encode(&bytes).as_bytes()), Some(bytes));
        }
    }
}
