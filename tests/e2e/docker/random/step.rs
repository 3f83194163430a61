//! Random requests and the ways to spell them.

use super::Place;

/// A way to spell a request. Some are tried in one kind of request alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trick {
    Plain,
    EscapedPath,
    AbsoluteForm,
    OddVersion,
    NoVersion,
    OldVersion,
    DotSegments,
    DoubleSlash,
    TrailingSlash,
    LowerMethod,
    RepeatedParameter,
    Semicolon,
    LowerCaseKeys,
    FoldedKeys,
    EscapedKeys,
    WhiteSpace,
    TopLevelKeys,
    KeyTwice,
    KeyInTwoCases,
    NullBehind,
    SecondValue,
    InvalidUtf8,
    ByteOrderMark,
    DeepValue,
    TypeWithCharset,
    OtherTypeBehind,
    OtherTypeBefore,
    OtherType,
    NoType,
    Chunked,
    ChunkedWithLengthZero,
    HeaderTwice,
    LengthTwice,
    Large,
    LargeAndChunked,
    HiddenForm,
    HiddenFormChunked,
}
use Trick as T;

const ALL: [Trick; 36] = [
    T::EscapedPath,
    T::AbsoluteForm,
    T::OddVersion,
    T::NoVersion,
    T::OldVersion,
    T::DotSegments,
    T::DoubleSlash,
    T::TrailingSlash,
    T::LowerMethod,
    T::RepeatedParameter,
    T::Semicolon,
    T::LowerCaseKeys,
    T::FoldedKeys,
    T::EscapedKeys,
    T::WhiteSpace,
    T::TopLevelKeys,
    T::KeyTwice,
    T::KeyInTwoCases,
    T::NullBehind,
    T::SecondValue,
    T::InvalidUtf8,
    T::ByteOrderMark,
    T::DeepValue,
    T::TypeWithCharset,
    T::OtherTypeBehind,
    T::OtherTypeBefore,
    T::OtherType,
    T::NoType,
    T::Chunked,
    T::ChunkedWithLengthZero,
    T::HeaderTwice,
    T::LengthTwice,
    T::Large,
    T::LargeAndChunked,
    T::HiddenForm,
    T::HiddenFormChunked,
];

/// The numbers of SplitMix64: the same ones for the same seed.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn one<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// Tricks of one group are in each other's place.
fn group(trick: Trick) -> u8 {
    match trick {
        T::Plain | T::HeaderTwice | T::WhiteSpace | T::TopLevelKeys => 0,
        T::EscapedPath | T::AbsoluteForm => 1,
        T::OddVersion | T::NoVersion | T::OldVersion => 2,
        T::DotSegments | T::DoubleSlash | T::TrailingSlash | T::LowerMethod => 3,
        T::RepeatedParameter | T::Semicolon => 4,
        T::LowerCaseKeys | T::FoldedKeys | T::EscapedKeys => 5,
        T::KeyTwice | T::KeyInTwoCases | T::NullBehind => 6,
        T::SecondValue | T::InvalidUtf8 | T::ByteOrderMark | T::DeepValue => 7,
        T::TypeWithCharset | T::OtherTypeBehind | T::OtherTypeBefore | T::OtherType | T::NoType => 8,
        _ => 9,
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Act {
    Create,
    Volume,
    Exec,
    Tag,
    Rename,
}

/// A request before it is written.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) act: Act,
    pub(super) harmful: bool,
    pub(super) tricks: Vec<Trick>,
    pub(super) number: usize,
}

impl Step {
    pub(super) fn random(random: &mut Random, number: usize) -> Self {
        let acts = [Act::Create, Act::Create, Act::Create, Act::Volume, Act::Exec, Act::Tag, Act::Rename];
        let mut tricks = match random.below(12) {
            0 => vec![T::Plain],
            _ => vec![ALL[random.below(ALL.len())]],
        };
        let harmful = random.once_in(3);
        let mut step = loop {
            let step = Self { act: acts[random.below(acts.len())], harmful, tricks: tricks.clone(), number };
            if step.is_apt() {
                break step;
            }
        };
        if !step.has(T::Plain) && random.once_in(4) {
            tricks.push(ALL[random.below(ALL.len())]);
            let both = Self { act: step.act, harmful, tricks, number };
            if both.is_apt() && group(both.tricks[0]) != group(both.tricks[1]) {
                step = both;
            }
        }
        step
    }

    pub(super) fn has(&self, trick: Trick) -> bool {
        self.tricks.contains(&trick)
    }

    fn has_json(&self) -> bool {
        matches!(self.act, Act::Create | Act::Volume | Act::Exec)
    }

    /// Whether its tricks are such as are tried in this kind of request.
    fn is_apt(&self) -> bool {
        self.tricks.iter().all(|trick| match trick {
            T::HiddenForm | T::HiddenFormChunked | T::RepeatedParameter | T::Semicolon => {
                matches!(self.act, Act::Tag | Act::Rename)
            }
            T::LowerCaseKeys | T::FoldedKeys | T::EscapedKeys | T::KeyTwice | T::KeyInTwoCases => {
                self.has_json()
            }
            T::WhiteSpace | T::SecondValue | T::InvalidUtf8 | T::ByteOrderMark | T::DeepValue => {
                self.has_json()
            }
            T::TypeWithCharset | T::OtherTypeBehind | T::OtherTypeBefore | T::OtherType | T::NoType => {
                self.has_json()
            }
            T::Chunked | T::ChunkedWithLengthZero | T::Large | T::LargeAndChunked | T::NullBehind => {
                self.has_json()
            }
            T::TopLevelKeys => self.act == Act::Create,
            _ => true,
        })
    }

    pub(super) fn name(&self) -> String {
        format!("r{}", self.number)
    }

    /// The method, and the path and query without the version.
    fn target(&self, place: &Place) -> (&'static str, String) {
        let name = self.name();
        let parameter = |key: &str| {
            let evil = format!("{key}=evil{}", self.number);
            match () {
                () if self.has(T::RepeatedParameter) => format!("{key}={name}&{evil}"),
                () if self.has(T::Semicolon) => format!("x=1;{evil}&{key}={name}"),
                () => format!("{key}={name}"),
            }
        };
        let target = match self.act {
            Act::Create => format!("/containers/create?name={name}"),
            Act::Volume => "/volumes/create".to_owned(),
            Act::Exec => format!("/containers/{}/exec", place.running),
            Act::Tag => format!("/images/bb:1/tag?{}", parameter("repo")),
            Act::Rename => format!("/containers/{}/rename?{}", place.stopped, parameter("name")),
        };
        ("POST", target)
    }

    /// The members of the object that decides: key and value. The last one is harmful, if any is.
    fn members(&self, random: &mut Random) -> Vec<(String, String)> {
        let harmful: &[(&str, &str)] = match self.act {
            Act::Create => &[
                ("Privileged", "true"),
                ("Binds", r#"["/etc:/x"]"#),
                ("PidMode", r#""host""#),
                ("CapAdd", r#"["SYS_ADMIN"]"#),
                ("CapAdd", r#""sys_admin""#),
                ("Mounts", r#"[{"Type":"bind","Source":"/etc","Target":"/x"}]"#),
                (
                    "Devices",
                    r#"[{"PathOnHost":"/dev/kmsg","PathInContainer":"/dev/x","CgroupPermissions":"r"}]"#,
                ),
            ],
            Act::Volume => &[("DriverOpts", r#"{"type":"none","o":"bind","device":"/etc"}"#)],
            Act::Exec => &[("Privileged", "true")],
            Act::Tag | Act::Rename => &[],
        };
        let mut members = Vec::new();
        match self.act {
            Act::Create => members.push(("NetworkMode".to_owned(), r#""none""#.to_owned())),
            Act::Volume => members.push(("Name".to_owned(), format!("\"{}\"", self.name()))),
            Act::Exec => members.push(("Cmd".to_owned(), r#"["true"]"#.to_owned())),
            Act::Tag | Act::Rename => {}
        }
        if self.harmful && !harmful.is_empty() {
            let (key, value) = harmful[random.below(harmful.len())];
            members.push((key.to_owned(), value.to_owned()));
        }
        members
    }

    /// The body: JSON, a form, or none.
    fn body(&self, random: &mut Random) -> Vec<u8> {
        if self.has(T::HiddenForm) || self.has(T::HiddenFormChunked) {
            let key = if self.act == Act::Tag { "repo" } else { "name" };
            return format!("{key}=evil{}", self.number).into_bytes();
        }
        if !self.has_json() {
            return Vec::new();
        }
        let mut members = self.members(random);
        for (key, _) in &mut members {
            *key = self.key(key);
        }
        if let Some((key, value)) = members.last().cloned() {
            let other = match key.to_lowercase() {
                lower if lower == key => key.to_uppercase(),
                lower => lower,
            };
            match () {
                () if self.has(T::KeyTwice) => members.insert(0, (key, value)),
                () if self.has(T::KeyInTwoCases) => members.insert(0, (other, value)),
                () if self.has(T::NullBehind) => members.push((key, "null".to_owned())),
                () => {}
            }
        }
        let mut more = Vec::new();
        if self.has(T::DeepValue) {
            more.push(("X".to_owned(), format!("{}{}", "[".repeat(200), "]".repeat(200))));
        }
        if self.has(T::Large) || self.has(T::LargeAndChunked) {
            more.push(("Padding".to_owned(), format!("\"{}\"", "x".repeat(1_100_000))));
        }
        if self.has(T::InvalidUtf8) {
            more.push(("Y".to_owned(), "\"INVALID\"".to_owned()));
        }
        let text = match self.act {
            Act::Create if self.has(T::TopLevelKeys) => {
                members.extend([
                    ("Image".to_owned(), r#""bb:1""#.to_owned()),
                    ("Cmd".to_owned(), r#"["true"]"#.to_owned()),
                ]);
                object(members.into_iter().chain(more))
            }
            Act::Create => {
                let host = (self.key("HostConfig"), object(members));
                let rest = [
                    ("Image".to_owned(), r#""bb:1""#.to_owned()),
                    ("Cmd".to_owned(), r#"["true"]"#.to_owned()),
                ];
                object([host].into_iter().chain(rest).chain(more))
            }
            _ => object(members.into_iter().chain(more)),
        };
        let text =
            if self.has(T::WhiteSpace) { text.replace(':', " :\n\t").replace(',', "\r\n, ") } else { text };
        // White space in a name is none of JSON's.
        let text = text.replace("bb :\n\t1", "bb:1").replace("/etc :\n\t/x", "/etc:/x");
        let text = if self.has(T::SecondValue) {
            format!("{text}{{\"HostConfig\":{{\"Privileged\":true}}}}")
        } else {
            text
        };
        let mut text = text.into_bytes();
        if self.has(T::InvalidUtf8)
            && let Some(at) = text.windows(7).position(|window| window == b"INVALID")
        {
            text[at] = 0xff;
        }
        if self.has(T::ByteOrderMark) { [&b"\xef\xbb\xbf"[..], &text].concat() } else { text }
    }

    /// A key in the spelling that is tried.
    fn key(&self, key: &str) -> String {
        match () {
            () if self.has(T::LowerCaseKeys) => key.to_lowercase(),
            () if self.has(T::FoldedKeys) => key.replace('s', "\u{17f}").replace('k', "\u{212a}"),
            () if self.has(T::EscapedKeys) => {
                let first = key.chars().next().unwrap();
                format!("\\u{:04x}{}", u32::from(first), &key[1..])
            }
            () => key.to_owned(),
        }
    }

    /// The request as it goes over the wire.
    pub(super) fn write(&self, place: &Place, random: &mut Random) -> Vec<u8> {
        let (method, target) = self.target(place);
        let method = if self.has(T::LowerMethod) { method.to_lowercase() } else { method.to_owned() };
        let (path, query) =
            target.split_once('?').map_or((target.as_str(), ""), |(path, query)| (path, query));
        let mut path = path.to_owned();
        let version = match () {
            () if self.has(T::NoVersion) => "",
            () if self.has(T::OldVersion) => "/v1.24",
            () if self.has(T::OddVersion) => random.one(&["/v01.041", "/v1.41.0", "/v1.0041"]),
            () => "/v1.41",
        };
        if self.has(T::EscapedPath) {
            path = path.replacen("/c", "/%63", 1).replacen("/v", "/%76", 1).replacen("/i", "/%69", 1);
        }
        path = format!("{version}{path}");
        match () {
            () if self.has(T::DotSegments) => path = format!("/x/..{path}"),
            () if self.has(T::DoubleSlash) => path = format!("/{path}"),
            () if self.has(T::TrailingSlash) => path.push('/'),
            () => {}
        }
        if self.has(T::AbsoluteForm) {
            path = format!("http://d{path}");
        }
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        let body = self.body(random);
        let mut head = format!("{method} {path}{query} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n");
        for media_type in self.types(random) {
            head.push_str(&format!("Content-Type: {media_type}\r\n"));
        }
        if self.has(T::HeaderTwice) {
            head.push_str("Accept: application/json\r\nAccept: text/plain\r\nX-Meta-A: 1\r\nX-Meta-A: 2\r\n");
        }
        let chunked = [T::Chunked, T::ChunkedWithLengthZero, T::LargeAndChunked, T::HiddenFormChunked];
        let mut request = head.into_bytes();
        if chunked.iter().any(|trick| self.has(*trick)) {
            if self.has(T::ChunkedWithLengthZero) {
                request.extend_from_slice(b"Content-Length: 0\r\n");
            }
            request.extend_from_slice(
                format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len()).as_bytes(),
            );
            request.extend_from_slice(&body);
            request.extend_from_slice(b"\r\n0\r\n\r\n");
        } else {
            let length = format!("Content-Length: {}\r\n", body.len());
            request.extend_from_slice(length.as_bytes());
            if self.has(T::LengthTwice) {
                request.extend_from_slice(length.as_bytes());
            }
            request.extend_from_slice(b"\r\n");
            request.extend_from_slice(&body);
        }
        request
    }

    fn types(&self, random: &mut Random) -> Vec<&'static str> {
        const JSON: &str = "application/json";
        const FORM: &str = "application/x-www-form-urlencoded";
        let other = random.one(&["text/plain", "application/x-tar", "text/json", "x", ""]);
        if self.has(T::HiddenForm) || self.has(T::HiddenFormChunked) {
            return if random.once_in(2) {
                vec![FORM]
            } else {
                vec![FORM, random.one(&[JSON, "x", "text/plain"])]
            };
        }
        match () {
            () if !self.has_json() => vec![],
            () if self.has(T::TypeWithCharset) => {
                vec![random.one(&[
                    "application/json; charset=utf-8",
                    "Application/JSON",
                    "application/json;",
                ])]
            }
            () if self.has(T::OtherTypeBehind) => vec![JSON, other],
            () if self.has(T::OtherTypeBefore) => vec![other, JSON],
            () if self.has(T::OtherType) => vec![other],
            () if self.has(T::NoType) => vec![],
            () => vec![JSON],
        }
    }
}

fn object(members: impl IntoIterator<Item = (String, String)>) -> String {
    let members: Vec<_> = members.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}
