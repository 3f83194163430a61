//! Compares a pre-initialized component with the one that it was made of: it may differ in state alone.
//!
//! By construction it does: see `guest_state`. This is the second lock, and knows nothing of how Wizer works: it reads both
//! components section by section, and refuses each difference but these, in a core module:
//!
//! * data segments: those that were active at the start are passive and empty now; active ones follow at the end
//! * the number of data segments
//! * the minimum of a memory, which does not shrink
//! * the initial value of a mutable global, which is a constant number
//! * no start function, since it ran already
//!
//! Wizer writes some sections anew, so these are compared by what they say and all others byte by byte.

use wasmparser::{
    BinaryReader, ComponentAliasSectionReader, ComponentCanonicalSectionReader, ComponentExportSectionReader,
    ComponentImportSectionReader, ComponentInstanceSectionReader, DataKind, DataSectionReader,
    ExportSectionReader, FromReader, GlobalSectionReader, MemorySectionReader, Operator, SectionLimited,
};

type Checked = Result<(), String>;

/// Sections of a component, by their numbers.
mod component {
    pub(super) const CORE_MODULE: u8 = 1;
    pub(super) const INSTANCE: u8 = 5;
    pub(super) const ALIAS: u8 = 6;
    pub(super) const CANONICAL: u8 = 8;
    pub(super) const IMPORT: u8 = 10;
    pub(super) const EXPORT: u8 = 11;
}

/// Sections of a core module, by their numbers.
mod module {
    pub(super) const MEMORY: u8 = 5;
    pub(super) const GLOBAL: u8 = 6;
    pub(super) const EXPORT: u8 = 7;
    pub(super) const START: u8 = 8;
    pub(super) const DATA: u8 = 11;
    pub(super) const DATA_COUNT: u8 = 12;
}

/// Whether `preinitialized` is `original` with another state, or what else differs. Both are valid components.
pub(super) fn only_state_differs(original: &[u8], preinitialized: &[u8]) -> Checked {
    let (before, after) = (sections(original)?, sections(preinitialized)?);
    same_header(original, preinitialized)?;
    if before.len() != after.len() {
        return Err("it has another number of sections".into());
    }
    let mut modules = 0;
    for (before, after) in before.into_iter().zip(after) {
        if before.0 != after.0 {
            return Err("its sections are in another order".into());
        }
        let (number, before, after) = (before.0, before.1, after.1);
        match number {
            component::CORE_MODULE => {
                same_module(before, after).map_err(|what| format!("in core module {modules}, {what}"))?;
                modules += 1;
            }
            component::INSTANCE => {
                same_items(before, after, ComponentInstanceSectionReader::new, "its instances")?;
            }
            component::ALIAS => same_items(before, after, ComponentAliasSectionReader::new, "its aliases")?,
            component::CANONICAL => {
                same_items(before, after, ComponentCanonicalSectionReader::new, "its canonical functions")?;
            }
            component::IMPORT => {
                same_items(before, after, ComponentImportSectionReader::new, "its imports")?;
            }
            component::EXPORT => {
                same_items(before, after, ComponentExportSectionReader::new, "its exports")?;
            }
            _ => same_bytes(before, after, number)?,
        }
    }
    Ok(())
}

fn same_module(original: &[u8], preinitialized: &[u8]) -> Checked {
    let (before, after) = (sections(original)?, sections(preinitialized)?);
    // A module that was not instantiated is carried over.
    if before == after {
        return same_header(original, preinitialized);
    }
    same_header(original, preinitialized)?;
    let had_data = before.iter().any(|(number, _)| *number == module::DATA);
    let mut before = before.into_iter().filter(|(number, _)| *number != module::START);
    let mut added_data = had_data;
    for (number, after) in after {
        if number == module::DATA && !added_data {
            added_data = true;
            check_data(&[0], after)?;
            continue;
        }
        let Some((same, before)) = before.next() else { return Err("there is another section".into()) };
        if same != number {
            return Err(format!("section {number} stands where section {same} did"));
        }
        match number {
            module::MEMORY => check_memories(before, after)?,
            module::GLOBAL => check_globals(before, after)?,
            module::EXPORT => same_items(before, after, ExportSectionReader::new, "the exports")?,
            module::DATA => check_data(before, after)?,
            // Both are valid, so each is the number of its own data segments.
            module::DATA_COUNT => {}
            _ => same_bytes(before, after, number)?,
        }
    }
    if before.next().is_some() { Err("a section is missing".into()) } else { Ok(()) }
}

fn check_memories(before: &[u8], after: &[u8]) -> Checked {
    let (before, after) = both(before, after, MemorySectionReader::new)?;
    let same = before.len() == after.len()
        && before.iter().zip(&after).all(|(before, after)| {
            let resized = wasmparser::MemoryType { initial: after.initial, ..*before };
            resized == *after && after.initial >= before.initial
        });
    if same { Ok(()) } else { Err("a memory has another type".into()) }
}

fn check_globals(before: &[u8], after: &[u8]) -> Checked {
    let (before, after) = both(before, after, GlobalSectionReader::new)?;
    let same = before.len() == after.len()
        && before.iter().zip(&after).all(|(before, after)| {
            let kept = before.init_expr == after.init_expr;
            before.ty == after.ty && (kept || before.ty.mutable && is_constant(&after.init_expr))
        });
    if same { Ok(()) } else { Err("a global that no policy can change has another value".into()) }
}

fn is_constant(value: &wasmparser::ConstExpr<'_>) -> bool {
    let mut operators = value.get_operators_reader();
    let number = operators.read().is_ok_and(|operator| {
        matches!(
            operator,
            Operator::I32Const { .. }
                | Operator::I64Const { .. }
                | Operator::F32Const { .. }
                | Operator::F64Const { .. }
        )
    });
    number && operators.read().is_ok_and(|operator| matches!(operator, Operator::End)) && operators.eof()
}

fn check_data(before: &[u8], after: &[u8]) -> Checked {
    let (before, after) = both(before, after, DataSectionReader::new)?;
    if after.len() < before.len() {
        return Err("a data segment is missing".into());
    }
    let (kept, added) = after.split_at(before.len());
    for (before, after) in before.iter().zip(kept) {
        let wanted: &[u8] = match before.kind {
            DataKind::Active { .. } => &[],
            DataKind::Passive => before.data,
        };
        if !matches!(after.kind, DataKind::Passive) || after.data != wanted {
            return Err("a passive data segment has other bytes".into());
        }
    }
    let is_state = |data: &wasmparser::Data<'_>| match &data.kind {
        DataKind::Active { offset_expr, .. } => is_constant(offset_expr),
        DataKind::Passive => false,
    };
    if added.iter().all(is_state) { Ok(()) } else { Err("a data segment was added that is no state".into()) }
}

fn same_items<'a, T: FromReader<'a> + PartialEq>(
    before: &'a [u8],
    after: &'a [u8],
    read: fn(BinaryReader<'a>) -> wasmparser::Result<SectionLimited<'a, T>>,
    what: &str,
) -> Checked {
    let (before, after) = both(before, after, read)?;
    if before == after { Ok(()) } else { Err(format!("{what} differ")) }
}

/// The items of a section in both.
fn both<'a, T: FromReader<'a>>(
    before: &'a [u8],
    after: &'a [u8],
    read: fn(BinaryReader<'a>) -> wasmparser::Result<SectionLimited<'a, T>>,
) -> Result<(Vec<T>, Vec<T>), String> {
    let items =
        |bytes| -> wasmparser::Result<Vec<T>> { read(BinaryReader::new(bytes, 0))?.into_iter().collect() };
    let unreadable = |error: wasmparser::BinaryReaderError| error.to_string();
    Ok((items(before).map_err(unreadable)?, items(after).map_err(unreadable)?))
}

fn same_bytes(before: &[u8], after: &[u8], number: u8) -> Checked {
    if before == after { Ok(()) } else { Err(format!("section {number} differs")) }
}

/// Magic number, version and layer.
fn same_header(before: &[u8], after: &[u8]) -> Checked {
    if before.get(..8) == after.get(..8) { Ok(()) } else { Err("it has another header".into()) }
}

/// The sections of a component or of a core module: number and content.
fn sections(bytes: &[u8]) -> Result<Vec<(u8, &[u8])>, String> {
    let unreadable = |error: wasmparser::BinaryReaderError| error.to_string();
    let mut reader = BinaryReader::new(bytes, 0);
    let mut sections = Vec::new();
    reader.read_bytes(8).map_err(unreadable)?;
    while !reader.eof() {
        let number = reader.read_u8().map_err(unreadable)?;
        let length = reader.read_var_u32().map_err(unreadable)?;
        sections.push((number, reader.read_bytes(length as usize).map_err(unreadable)?));
    }
    Ok(sections)
}

#[cfg(test)]
mod tests;
