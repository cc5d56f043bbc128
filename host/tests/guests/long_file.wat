;; Writes an empty line from a source whose name is as long as its props say.
(func $render (param $props i32) (param $length i32) (result i32)
  (local $size i32)
  (local.set $size (call $number (local.get $props) (local.get $length)))
  (call $write (i32.const 1) (i32.const 256) (i32.const 0) (i32.const 0)
    (i32.const 1) (call $filled (local.get $size) (i32.const 102)) (local.get $size) (i32.const 1) (i32.const 1))
  (call $text (local.get $props) (local.get $length)))
