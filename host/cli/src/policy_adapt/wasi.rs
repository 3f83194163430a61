//! WASI preview 1 without a host: each import becomes a function in the module itself.
//!
//! A policy has no clock, no files, no network, no environment and no randomness, so the functions refuse. What a language's
//! runtime cannot do without is there: a monotonic clock that counts its own calls, and `fd_write`, whose text goes to the
//! host's log. A new function is an arm of [`body`].

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    InstructionSink, MemArg, Module, SectionId, ValType,
};
use wasmparser::{
    BinaryReaderError, CodeSectionReader, CompositeInnerType, FuncType, FunctionSectionReader,
    GlobalSectionReader, ImportSectionReader, Parser, Payload, TypeRef,
};

use super::AdaptError;

const WASI: &str = "wasi_snapshot_preview1";
const LOG: &str = "portcullis:policy/log@";

/// WASI's error numbers. <https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#errno>
const BADF: i32 = 8;
const NOSYS: i32 = 52;
const NOTSUP: i32 = 58;

/// Levels of `log`.
const INFO: i32 = 2;
const ERROR: i32 = 4;

/// Go writes no stack of each goroutine then, which would be more lines than a decision's log has.
pub(super) const ENVIRONMENT: &[u8] = b"GOTRACEBACK=none\0";
pub(super) const ENVIRONMENT_SIZE: i32 = 17;

/// What must be known of a module before it is rewritten.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) exports: Vec<String>,
    /// Whether there is a custom section with the types of its exports.
    pub(super) has_types: bool,
    imports: Vec<Import>,
    types: Vec<Option<FuncType>>,
    globals: u32,
    has_global_section: bool,
    memories: u32,
}

/// A function that the module imports.
#[derive(Debug)]
struct Import {
    module: String,
    name: String,
    of_type: u32,
}

impl Import {
    fn is_wasi(&self) -> bool {
        self.module == WASI
    }
}

impl Outline {
    pub(super) fn read(module: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            outline.add(payload?)?;
        }
        Ok(outline)
    }

    fn add(&mut self, payload: Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::TypeSection(types) => {
                for group in types {
                    self.types.extend(group?.into_types().map(|of| match of.composite_type.inner {
                        CompositeInnerType::Func(function) => Some(function),
                        _ => None,
                    }));
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    match import.ty {
                        TypeRef::Func(of_type) => self.imports.push(Import {
                            module: import.module.into(),
                            name: import.name.into(),
                            of_type,
                        }),
                        TypeRef::Global(_) => self.globals += 1,
                        TypeRef::Memory(_) => self.memories += 1,
                        _ => {}
                    }
                }
            }
            Payload::MemorySection(memories) => self.memories += memories.count(),
            Payload::GlobalSection(globals) => {
                self.globals += globals.count();
                self.has_global_section = true;
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    self.exports.push(export?.name.into());
                }
            }
            Payload::CustomSection(section) => self.has_types |= section.name().starts_with("component-type"),
            _ => {}
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn imported(&self) -> Vec<(&str, &str)> {
        self.imports.iter().map(|import| (import.module.as_str(), import.name.as_str())).collect()
    }

    /// The functions that stay imports, and then those that become functions of the module: their order is that of the
    /// new indices, and the functions behind them keep theirs.
    fn reordered(&self) -> impl Iterator<Item = (usize, &Import)> {
        let of =
            |is_wasi| self.imports.iter().enumerate().filter(move |(_, import)| import.is_wasi() == is_wasi);
        of(false).chain(of(true))
    }
}

/// The module without imports of WASI.
///
/// # Errors
/// The module imports something else that no policy has, or has no memory of its own.
pub(super) fn replace(module: &[u8], outline: &Outline) -> Result<Vec<u8>, AdaptError> {
    if let Some(other) =
        outline.imports.iter().find(|import| !import.is_wasi() && !is_granted(&import.module))
    {
        let (module, name) = (other.module.clone(), other.name.clone());
        return Err(AdaptError::Import { module, name });
    }
    if !outline.imports.iter().any(Import::is_wasi) {
        return Ok(module.to_vec());
    }
    if outline.memories != 1 {
        return Err(AdaptError::Memories(outline.memories));
    }
    let mut indices = vec![0; outline.imports.len()];
    let mut log = None;
    for (new, (old, import)) in (0..).zip(outline.reordered()) {
        indices[old] = new;
        if import.module.starts_with(LOG) && import.name == "log" {
            log = Some(new);
        }
    }
    let mut replaced = Module::new();
    Rewriter { outline, indices, log, needs_globals: !outline.has_global_section }
        .parse_core_module(&mut replaced, Parser::new(0), module)
        .map_err(|error| AdaptError::Rewrite(error.to_string()))?;
    Ok(replaced.finish())
}

/// Whether the host may give it: `log`, and what the operator grants by name.
fn is_granted(module: &str) -> bool {
    module.starts_with(LOG) || module.starts_with("wasi:")
}

struct Rewriter<'a> {
    outline: &'a Outline,
    /// The new index of each imported function.
    indices: Vec<u32>,
    log: Option<u32>,
    /// Whether a section for the clock is still to be made.
    needs_globals: bool,
}

impl Rewriter<'_> {
    fn replaced(&self) -> impl Iterator<Item = &Import> {
        self.outline.imports.iter().filter(|import| import.is_wasi())
    }
}

impl Reencode for Rewriter<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Self::Error>> {
        let new = usize::try_from(function).ok().and_then(|old| self.indices.get(old));
        Ok(new.copied().unwrap_or(function))
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        for import in section.into_imports() {
            let import = import?;
            if import.module != WASI || !matches!(import.ty, TypeRef::Func(_)) {
                self.parse_import(imports, import)?;
            }
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        for import in self.replaced() {
            functions.function(import.of_type);
        }
        utils::parse_function_section(self, functions, section)
    }

    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error<Self::Error>> {
        use SectionId::{Code, Data, DataCount, Element, Export, Start};
        let is_behind = matches!(before, Some(Export | Start | Element | DataCount | Code | Data));
        if self.needs_globals && is_behind {
            self.needs_globals = false;
            let mut globals = GlobalSection::new();
            add_clock(&mut globals);
            module.section(&globals);
        }
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: GlobalSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        utils::parse_global_section(self, globals, section)?;
        add_clock(globals);
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        for import in self.replaced() {
            let of_type = usize::try_from(import.of_type).ok().and_then(|at| self.outline.types.get(at));
            let function =
                body(&import.name, of_type.and_then(Option::as_ref), self.outline.globals, self.log);
            code.function(&function);
        }
        utils::parse_code_section(self, code, section)
    }
}

fn add_clock(globals: &mut GlobalSection) {
    let of = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
    globals.global(of, &ConstExpr::i64_const(0));
}

/// A function in the place of the one that WASI has under this name. `clock` is a global.
fn body(name: &str, of_type: Option<&FuncType>, clock: u32, log: Option<u32>) -> Function {
    let mut function = Function::new([(u32::from(name == "fd_write") * 2, ValType::I32)]);
    let mut code = function.instructions();
    match name {
        "sched_yield" | "args_get" => {
            code.i32_const(0);
        }
        "args_sizes_get" => sizes(&mut code, 0, 0),
        "environ_sizes_get" => sizes(&mut code, 1, ENVIRONMENT_SIZE),
        "environ_get" => environment(&mut code),
        "clock_time_get" => time(&mut code, clock),
        "fd_write" => write(&mut code, log),
        "poll_oneoff" => wait(&mut code, clock),
        "random_get" => {
            code.i32_const(NOTSUP);
        }
        // `proc_exit` and what answers otherwise than by an error number.
        _ if of_type.is_none_or(|of| of.results() != [wasmparser::ValType::I32]) => {
            code.unreachable();
        }
        _ if ["fd_", "path_", "sock_"].iter().any(|kind| name.starts_with(kind)) => {
            code.i32_const(BADF);
        }
        _ => {
            code.i32_const(NOSYS);
        }
    }
    code.end();
    function
}

fn word() -> MemArg {
    MemArg { offset: 0, align: 2, memory_index: 0 }
}

/// `(count, bytes)`: how much there is.
fn sizes(code: &mut InstructionSink<'_>, count: i32, bytes: i32) {
    code.local_get(0).i32_const(count).i32_store(word());
    code.local_get(1).i32_const(bytes).i32_store(word());
    code.i32_const(0);
}

/// `(pointers, bytes)`: one variable.
fn environment(code: &mut InstructionSink<'_>) {
    code.local_get(0).local_get(1).i32_store(word());
    for (offset, byte) in (0..).zip(ENVIRONMENT) {
        code.local_get(1).i32_const(i32::from(*byte));
        code.i32_store8(MemArg { offset, align: 0, memory_index: 0 });
    }
    code.i32_const(0);
}

/// `(clock, precision, time)`: the time of day is refused, any other clock goes on by a microsecond with each call.
fn time(code: &mut InstructionSink<'_>, clock: u32) {
    code.local_get(0).i32_eqz().if_(BlockType::Result(ValType::I32)).i32_const(NOTSUP).else_();
    code.global_get(clock).i64_const(1000).i64_add().global_set(clock);
    code.local_get(2).global_get(clock).i64_store(MemArg { offset: 0, align: 3, memory_index: 0 });
    code.i32_const(0).end();
}

/// `(subscriptions, events, count, happened)`: no event happens, at once. Where the first subscription is one to a clock,
/// the clock goes on by its timeout, so that a sleeping thread wakes. Go waits so, too, before it says why it ends.
fn wait(code: &mut InstructionSink<'_>, clock: u32) {
    let at = |offset, align| MemArg { offset, align, memory_index: 0 };
    code.local_get(0).i32_load8_u(at(8, 0)).i32_eqz().if_(BlockType::Empty);
    code.global_get(clock).local_get(0).i64_load(at(24, 3)).i64_add().global_set(clock).end();
    code.local_get(3).i32_const(0).i32_store(word()).i32_const(0);
}

/// `(fd, buffers, count, written)`: each buffer is a line of the log, but for single characters. Locals: 4 is the buffer
/// that is next, 5 how much was written.
fn write(code: &mut InstructionSink<'_>, log: Option<u32>) {
    let length = MemArg { offset: 4, ..word() };
    code.local_get(0).i32_const(1).i32_sub().i32_const(1).i32_gt_u();
    code.if_(BlockType::Empty).i32_const(BADF).return_().end();
    code.local_get(1).local_set(4);
    code.block(BlockType::Empty).loop_(BlockType::Empty);
    code.local_get(2).i32_eqz().br_if(1);
    code.local_get(4).i32_load(length).local_get(5).i32_add().local_set(5);
    if let Some(log) = log {
        code.local_get(4).i32_load(length).i32_const(1).i32_gt_u().if_(BlockType::Empty);
        code.i32_const(ERROR).i32_const(INFO).local_get(0).i32_const(2).i32_eq().select();
        code.local_get(4).i32_load(word()).local_get(4).i32_load(length).call(log).end();
    }
    code.local_get(4).i32_const(8).i32_add().local_set(4);
    code.local_get(2).i32_const(1).i32_sub().local_set(2);
    code.br(0).end().end();
    code.local_get(3).local_get(5).i32_store(word());
    code.i32_const(0);
}
