;; Gives its bounds: whether there are any, bytes of JavaScript stack, bytes of page; 4, 4 and 8 bytes.
(func $render (param $props i32) (param $length i32) (result i32)
  (i32.store (i32.const 256) (global.get $bounded))
  (i32.store (i32.const 260) (global.get $js_stack))
  (i64.store (i32.const 264) (global.get $page))
  (call $bytes (i32.const 256) (i32.const 16)))
