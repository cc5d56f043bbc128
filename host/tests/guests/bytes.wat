;; Gives a page of bytes, as long as its props say. They are no UTF-8.
(func $render (param $props i32) (param $length i32) (result i32)
  (local $size i32)
  (local.set $size (call $number (local.get $props) (local.get $length)))
  (call $bytes (call $filled (local.get $size) (i32.const 255)) (local.get $size)))
