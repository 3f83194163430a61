//! How code is compiled. The child that compiles and the host that runs must agree, or an artifact does not load.

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use crate::Limits;
use crate::build::PoolRequirements;

/// Where code compiled for `memory` bytes at most comes from and runs.
pub(crate) fn base(memory: u64) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        // Registering unwind information is quadratic in a host that loads and unloads code for months.
        .native_unwind_info(false)
        .memory_may_move(false)
        // An image over this is copied for every instance instead of being mapped.
        .memory_guaranteed_dense_image_size(memory)
        .wasm_component_model(true)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false);
    config
}

/// For the build: nothing is kept ready, and little address space is reserved, since that is what its process
/// is limited by.
pub(crate) fn for_build() -> Config {
    let mut config = base(1 << 20);
    config
        .memory_reservation(0)
        .memory_guard_size(0)
        // Images would be files in memory, which a confined process cannot make.
        .memory_init_cow(false)
        // A memory that has no room left is copied, so room for a page or two would make growing quadratic.
        .memory_reservation_for_growth(16 << 20)
        .memory_may_move(true);
    config
}

/// For deciding: slots for every decision that a policy may have under way at once.
pub(crate) fn pooled(needs: &PoolRequirements, limits: &Limits) -> Config {
    let at_once = limits.concurrency;
    let mut pool = PoolingAllocationConfig::default();
    let scan = PoolingAllocationConfig::is_pagemap_scan_available();
    pool.pagemap_scan(if scan { Enabled::Yes } else { Enabled::No })
        // Without the scan, keeping pages means clearing all of them after each decision.
        .linear_memory_keep_resident(if scan { 1 << 20 } else { 0 })
        .table_keep_resident(if scan { 1 << 16 } else { 0 })
        .async_stack_keep_resident(1 << 16)
        .total_component_instances(at_once)
        .total_core_instances(at_once.saturating_mul(needs.instances.max(1)))
        .total_memories(at_once.saturating_mul(needs.memories))
        .total_tables(at_once.saturating_mul(needs.tables))
        .total_stacks(at_once)
        .max_memory_size(usize::try_from(limits.memory).unwrap_or(usize::MAX))
        .table_elements(limits.table_elements as usize)
        .max_memories_per_module(needs.memories.max(1))
        .max_tables_per_module(needs.tables.max(1))
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20);
    let mut config = base(limits.memory);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
