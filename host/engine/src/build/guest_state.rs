//! What the child that runs the guest hands over: the guest's memories and mutable globals, as numbers and bytes.
//!
//! The child that compiles takes nothing else from it. It makes the pre-initialized component itself, of the module that
//! the host read and of this state ([`apply`]), so that a child whose guest took it over can choose what the policy
//! remembers, which the guest chooses anyway, and nothing that the policy does.

use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use wasmtime_wizer::ComponentInstanceState;

use super::rewrite::{instrument, rewrite};
use super::{Failure, Step, verify};
use crate::Digest;

/// Bytes of a page of memory: pages of other sizes are no part of WebAssembly as the host reads it.
const PAGE: usize = 1 << 16;

/// What the state consists of. The bytes of its memories are beside it, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GuestState {
    /// The component it is the state of.
    pub(super) component: Digest,
    /// Each memory's name, and how many bytes it has.
    pub(super) memories: Vec<(String, u64)>,
    /// Each global's name and bits.
    pub(super) globals: Vec<(String, u64)>,
}

/// The component that starts with `state`. Refused where the state is not one of this component, has more than `memory`
/// bytes, or would change more than state.
pub(super) async fn apply(
    component: &[u8],
    state: &GuestState,
    bytes: &[u8],
    memory: u64,
) -> Result<Vec<u8>, Failure> {
    let refused = |reason: &str| Step::Preinitialize.failed(format_args!("its state is refused: {reason}"));
    if state.component != Digest::of(component) {
        return Err(refused("it belongs to another module"));
    }
    if bytes.len() as u64 > memory {
        return Err(refused(&format!("it has more than {} MiB of memory", memory >> 20)));
    }
    let mut recorded = Recorded::new(state, bytes).map_err(|reason| refused(&reason))?;
    let instrumented = instrument(component).map_err(|reason| refused(&reason))?;
    let rewritten = rewrite(&instrumented, &mut recorded).await.map_err(|reason| refused(&reason))?;
    recorded.finish().map_err(|reason| refused(&reason))?;
    verify::only_state_differs(component, &rewritten).map_err(|reason| refused(&reason))?;
    Ok(rewritten)
}

/// The state as Wizer asks for it, by name. The first thing that is missing is kept.
struct Recorded<'a> {
    memories: HashMap<&'a str, &'a [u8]>,
    globals: HashMap<&'a str, u64>,
    asked: HashSet<String>,
    wrong: Option<String>,
}

impl<'a> Recorded<'a> {
    fn new(state: &'a GuestState, mut bytes: &'a [u8]) -> Result<Self, String> {
        let mut memories = HashMap::new();
        for (name, length) in &state.memories {
            let length = usize::try_from(*length).unwrap_or(usize::MAX);
            if !length.is_multiple_of(PAGE) {
                return Err(format!("`{name}` has half a page"));
            }
            let (memory, rest) = bytes.split_at_checked(length).ok_or("its memories are cut short")?;
            memories.insert(name.as_str(), memory);
            bytes = rest;
        }
        if !bytes.is_empty() {
            return Err("there are bytes of no memory".into());
        }
        let globals: HashMap<_, _> =
            state.globals.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        if memories.len() + globals.len() < state.memories.len() + state.globals.len() {
            return Err("a name occurs twice".into());
        }
        Ok(Self { memories, globals, asked: HashSet::new(), wrong: None })
    }

    fn finish(self) -> Result<(), String> {
        if let Some(wrong) = self.wrong {
            return Err(wrong);
        }
        let known = self.memories.keys().chain(self.globals.keys());
        match known.copied().find(|name| !self.asked.contains(*name)) {
            Some(name) => Err(format!("there is no `{name}`")),
            None => Ok(()),
        }
    }

    fn global(&mut self, name: &str) -> u64 {
        self.asked.insert(name.to_owned());
        let value = self.globals.get(name).copied();
        if value.is_none() {
            self.wrong.get_or_insert_with(|| format!("`{name}` is missing"));
        }
        value.unwrap_or_default()
    }

    /// A number of 32 bits, which the guest's own child wrote with 64.
    fn narrow(&mut self, name: &str) -> u32 {
        let value = self.global(name);
        u32::try_from(value).unwrap_or_else(|_| {
            self.wrong.get_or_insert_with(|| format!("`{name}` has more than 32 bits"));
            0
        })
    }
}

impl ComponentInstanceState for Recorded<'_> {
    async fn call_func_ret_list_u8(&mut self, _: &str, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        self.asked.insert(name.to_owned());
        let memory = self.memories.get(name).copied();
        if memory.is_none() {
            self.wrong.get_or_insert_with(|| format!("`{name}` is missing"));
        }
        contents(memory.unwrap_or_default());
    }

    async fn call_func_ret_s32(&mut self, _: &str, name: &str) -> i32 {
        self.narrow(name).cast_signed()
    }

    async fn call_func_ret_s64(&mut self, _: &str, name: &str) -> i64 {
        self.global(name).cast_signed()
    }

    async fn call_func_ret_f32(&mut self, _: &str, name: &str) -> u32 {
        self.narrow(name)
    }

    async fn call_func_ret_f64(&mut self, _: &str, name: &str) -> u64 {
        self.global(name)
    }
}
