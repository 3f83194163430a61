//! Reads the configured instance's memories and globals for Wizer.
//!
//! Wizer's own reader unwraps every call and reads each memory twice: a memory at its limit, which the
//! accessor wants to grow by a page, would be a panic. This one keeps the first error and the first reading.

use std::collections::HashMap;
use wasmtime::component::{ComponentType, Instance, Lift, WasmList};
use wasmtime::{Error, Result, Store, format_err};
use wasmtime_wizer::ComponentInstanceState;

use super::guest_state::GuestState;
use crate::Digest;
use crate::state::State;

pub(super) struct Reader<'a> {
    store: &'a mut Store<State>,
    instance: Instance,
    memories: HashMap<String, Vec<u8>>,
    globals: HashMap<String, u64>,
    error: Option<Error>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(store: &'a mut Store<State>, instance: Instance) -> Self {
        Self { store, instance, memories: HashMap::new(), globals: HashMap::new(), error: None }
    }

    /// What was read of `component`, or the first thing that went wrong.
    pub(super) fn finish(self, component: Digest) -> Result<(GuestState, Vec<u8>)> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let mut state =
            GuestState { component, memories: Vec::new(), globals: self.globals.into_iter().collect() };
        let mut bytes = Vec::with_capacity(self.memories.values().map(Vec::len).sum());
        for (name, memory) in self.memories {
            state.memories.push((name, memory.len() as u64));
            bytes.extend_from_slice(&memory);
        }
        Ok((state, bytes))
    }

    async fn call<R: Lift + ComponentType + Send + Sync + 'static>(
        &mut self,
        interface: &str,
        function: &str,
    ) -> Result<R> {
        let interface = self
            .instance
            .get_export_index(&mut *self.store, None, interface)
            .ok_or_else(|| format_err!("no `{interface}` in the instrumented component"))?;
        let function = self
            .instance
            .get_export_index(&mut *self.store, Some(&interface), function)
            .ok_or_else(|| format_err!("no `{function}` in the instrumented component"))?;
        let function = self.instance.get_typed_func::<(), (R,)>(&mut *self.store, function)?;
        Ok(function.call_async(&mut *self.store, ()).await?.0)
    }

    /// The value of a global, whose `bits` are kept.
    async fn global<R: Lift + ComponentType + Copy + Default + Send + Sync + 'static>(
        &mut self,
        interface: &str,
        function: &str,
        bits: fn(R) -> u64,
    ) -> R {
        if self.error.is_some() {
            return R::default();
        }
        match self.call(interface, function).await {
            Ok(value) => {
                self.globals.insert(function.to_owned(), bits(value));
                value
            }
            Err(error) => {
                self.error = Some(error);
                R::default()
            }
        }
    }
}

impl ComponentInstanceState for Reader<'_> {
    async fn call_func_ret_list_u8(
        &mut self,
        interface: &str,
        function: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        if !self.memories.contains_key(function) && self.error.is_none() {
            match self.call::<WasmList<u8>>(interface, function).await {
                Ok(list) => {
                    let bytes = list.as_le_slice(&*self.store).to_vec();
                    self.memories.insert(function.to_owned(), bytes);
                }
                Err(error) => self.error = Some(error),
            }
        }
        contents(self.memories.get(function).map(Vec::as_slice).unwrap_or_default());
    }

    async fn call_func_ret_s32(&mut self, interface: &str, function: &str) -> i32 {
        self.global(interface, function, |value: i32| value.cast_unsigned().into()).await
    }

    async fn call_func_ret_s64(&mut self, interface: &str, function: &str) -> i64 {
        self.global(interface, function, i64::cast_unsigned).await
    }

    async fn call_func_ret_f32(&mut self, interface: &str, function: &str) -> u32 {
        self.global(interface, function, |value: f32| value.to_bits().into()).await.to_bits()
    }

    async fn call_func_ret_f64(&mut self, interface: &str, function: &str) -> u64 {
        self.global(interface, function, f64::to_bits).await.to_bits()
    }
}
