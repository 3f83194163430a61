//! How a WIT record becomes a Rust struct. A field whose WIT name has a hyphen gives that name.

macro_rules! record {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident $(= $wit:literal)?: $ty:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[cfg_attr(
            feature = "wasmtime",
            derive(wasmtime::component::ComponentType, wasmtime::component::Lift, wasmtime::component::Lower),
            component(record)
        )]
        #[expect(missing_docs, reason = "each field is documented in wit/, and a second copy would drift")]
        pub struct $name {
            $($(#[$field_meta])* $(#[cfg_attr(feature = "wasmtime", component(name = $wit))])? pub $field: $ty,)*
        }

        impl $crate::HeapSize for $name {
            fn heap_size(&self) -> usize {
                [$($crate::HeapSize::heap_size(&self.$field)),*].into_iter().fold(0, usize::saturating_add)
            }
        }
    };
}
