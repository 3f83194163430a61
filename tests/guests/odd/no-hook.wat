;; A policy that can be configured and asked nothing: no hook is exported.
;; `prebuilt/no-hook.wasm` is this file in binary: `wasm-tools parse`.
(component
  (core module $code
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    ;; A bump allocator: what is passed in stays.
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (global.set $free (i32.add (local.get $at) (local.get $size)))
      (local.get $at))
    ;; Sixteen zeros at 16 are the result `ok`.
    (func (export "configure") (param i32 i32) (result i32) (i32.const 16)))
  (core instance $code (instantiate $code))
  (func $configure (param "settings" string) (result (result (error string)))
    (canon lift (core func $code "configure")
      (memory (core memory $code "memory")) (realloc (core func $code "realloc"))))
  (instance $lifecycle (export "configure" (func $configure)))
  (export "portcullis:policy/lifecycle@0.1.0" (instance $lifecycle)))
