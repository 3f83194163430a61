//! YAML with the place of everything, and scalars as they stand: what `PyYAML` makes of one is for its reader
//! to say, who knows what it is for.
//!
//! As in `PyYAML`'s `safe_load`: one document, aliases, merge keys (`<<`), and of a key that stands twice the last.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

use super::ImportError;
use super::error::{Findings, Place};

/// Anything, and where it stands.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

impl Node {
    /// Nothing at all (YAML 1.1, `tag:yaml.org,2002:null`).
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(Scalar { text, plain: true })
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The text of a scalar. No secret is taken so.
    pub(super) fn text(&self) -> Option<&str> {
        if let Value::Scalar(scalar) = &self.value { Some(&scalar.text) } else { None }
    }
}

#[derive(Clone)]
pub(super) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Map),
}

/// By key, each with the place of the key.
pub(super) type Map = BTreeMap<String, (Place, Node)>;

/// One value as it stands. It may be a secret.
#[derive(Clone)]
pub(super) struct Scalar {
    pub(super) text: Zeroizing<String>,
    /// Without quotes: YAML may read it as a number, a truth value or nothing.
    pub(super) plain: bool,
}

/// How deep and how large: far more than anybody writes, and little enough for a file that was made to be too much.
const DEPTH: usize = 32;
const NODES: usize = 200_000;

/// What a file holds; nothing where it is empty.
pub(super) fn parse(file: &Path, text: &str, findings: &mut Findings) -> Result<Option<Node>, ImportError> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        file: file.into(),
        anchors: BTreeMap::new(),
        nodes: 0,
        findings,
    };
    let mut document = None;
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => return Ok(document.filter(|node: &Node| !node.is_null())),
            (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
            (_, span) if document.is_some() => {
                return Err(reader.place(&span).wrong("a second document begins; AFP reads files with one"));
            }
            (event, span) => document = Some(reader.node(event, span, 0)?),
        }
    }
}

struct Reader<'t, 'f> {
    parser: Parser<'t, StrInput<'t>>,
    file: Arc<Path>,
    anchors: BTreeMap<usize, (Node, usize)>,
    /// How many there are, those behind aliases each time.
    nodes: usize,
    findings: &'f mut Findings,
}

impl<'t> Reader<'t, '_> {
    fn next(&mut self) -> Result<(Event<'t>, Span), ImportError> {
        let wrong = |file: &Arc<Path>, error: &ScanError| {
            let place = Place { file: Arc::clone(file), line: error.marker().line() };
            place.wrong(format_args!("this is no YAML: {}", error.info()))
        };
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(wrong(&self.file, &error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn place(&self, span: &Span) -> Place {
        Place { file: Arc::clone(&self.file), line: span.start.line() }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, ImportError> {
        let place = self.place(&span);
        let before = self.nodes;
        self.nodes += 1;
        if depth > DEPTH || self.nodes > NODES {
            return Err(place.wrong("this is nested too deep, or too much"));
        }
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tagged = is_text(tag, &place)?;
                let plain = style == ScalarStyle::Plain && !tagged;
                (Value::Scalar(Scalar { text: Zeroizing::new(text.into_owned()), plain }), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                untagged(tag, &place)?;
                (Value::List(self.list(depth)?), anchor)
            }
            Event::MappingStart(anchor, tag) => {
                untagged(tag, &place)?;
                (Value::Map(self.map(depth)?), anchor)
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let (node, size) =
                    known.ok_or_else(|| place.wrong("an alias stands within what it stands for"))?;
                self.nodes += size;
                return Ok(Node { place, ..node });
            }
            _ => return Err(place.wrong("this is no YAML")),
        };
        let node = Node { place, value };
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), self.nodes - before));
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, ImportError> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(list),
                (event, span) => list.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Map, ImportError> {
        let (mut map, mut merged) = (Map::new(), Map::new());
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => break,
                (event, span) => self.node(event, span, depth + 1)?,
            };
            let (event, span) = self.next()?;
            let node = self.node(event, span, depth + 1)?;
            let Value::Scalar(name) = key.value else {
                return Err(key.place.wrong("a key is a list or a table; AFP knows only text"));
            };
            if name.plain && *name.text == "<<" {
                merge_key(node, &mut merged)?;
                continue;
            }
            if map.contains_key(name.text.as_str()) {
                self.findings.warn_at(
                    &key.place,
                    format_args!("`{}` stands twice; as in AFP, the last one counts", *name.text),
                );
            }
            map.insert((*name.text).clone(), (key.place, node));
        }
        // What a table says itself goes before what it merges.
        merged.append(&mut map);
        Ok(merged)
    }
}

/// The tables behind `<<`; the first of several goes before the others.
fn merge_key(node: Node, into: &mut Map) -> Result<(), ImportError> {
    match node.value {
        Value::Map(map) => {
            for (key, value) in map {
                into.entry(key).or_insert(value);
            }
            Ok(())
        }
        Value::List(list) => list.into_iter().try_for_each(|node| merge_key(node, into)),
        Value::Scalar(_) => Err(node.place.wrong("`<<` takes a table")),
    }
}

/// Whether a tag says that a scalar is text; any other tag is refused.
fn is_text(tag: Option<Cow<'_, Tag>>, place: &Place) -> Result<bool, ImportError> {
    match tag {
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Ok(true),
        tag => untagged(tag, place).map(|()| false),
    }
}

fn untagged(tag: Option<Cow<'_, Tag>>, place: &Place) -> Result<(), ImportError> {
    match tag {
        Some(tag) => Err(place.wrong(format_args!("the tag `{tag}` is not known here; leave it out"))),
        None => Ok(()),
    }
}
